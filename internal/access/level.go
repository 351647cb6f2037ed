// Package access computes what somebody may do: levels, features, roles, and the rule that a path is worth its weakest
// link and a person the best of their paths. It is pure: no database, no clock, no request.
package access

import (
	"fmt"
	"io"
	"strconv"
)

// Level says how far access to one feature goes. Levels are ordered: None < View < Manage.
type Level int8

// The levels, from nothing to everything.
const (
	None Level = iota
	View
	Manage
)

var levelNames = [...]string{"NONE", "VIEW", "MANAGE"}

// String returns the level's name in the API.
func (l Level) String() string {
	if l < None || l > Manage {
		return "Level(" + strconv.Itoa(int(l)) + ")"
	}
	return levelNames[l]
}

// ParseLevel reads a level by its name in the API.
func ParseLevel(name string) (Level, error) {
	for i, n := range levelNames {
		if n == name {
			return Level(i), nil
		}
	}
	return None, fmt.Errorf("%q is not an access level", name)
}

// MarshalGQL writes the level as the enum AccessLevel.
func (l Level) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(l.String())) }

// UnmarshalGQL reads a value of the enum AccessLevel.
func (l *Level) UnmarshalGQL(v any) error {
	name, ok := v.(string)
	if !ok {
		return fmt.Errorf("an access level is a string")
	}
	var err error
	*l, err = ParseLevel(name)
	return err
}
