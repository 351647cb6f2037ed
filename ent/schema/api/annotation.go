// Package api says how what is stored is shown in the API. Its annotation has the name and the form of entgql's, which
// reads it when code is generated; entgql itself holds code generators, and the program should not carry those.
package api

import (
	"entgo.io/ent/schema"

	"mandate/internal/access"
)

// Annotation tells how a field, an edge or a type is shown.
type Annotation struct {
	// Sentence describes an enum that more than one field has; else the field's own does.
	Sentence   string      `json:"Sentence,omitempty"`
	Mapping    []string    `json:"Mapping,omitempty"`
	Type       string      `json:"Type,omitempty"`
	Skip       int         `json:"Skip,omitempty"`
	Directives []directive `json:"Directives,omitempty"`
}

type directive struct {
	Name      string     `json:"name"`
	Arguments []argument `json:"arguments"`
}

type argument struct {
	Name  string
	Value value
}

type value struct {
	Raw  string
	Kind int
}

// enum is the kind of an enum's value in the syntax tree of gqlparser.
const enum = 7

// everything is entgql's mark of what is left out in every place.
const everything = 1<<6 - 1

// Name is entgql's.
func (Annotation) Name() string { return "EntGQL" }

// Merge joins what two annotations of one field say.
func (a Annotation) Merge(other schema.Annotation) schema.Annotation {
	b, ok := other.(Annotation)
	if !ok {
		return a
	}
	a.Mapping = append(a.Mapping, b.Mapping...)
	a.Directives = append(a.Directives, b.Directives...)
	a.Skip |= b.Skip
	if b.Type != "" {
		a.Type, a.Sentence = b.Type, b.Sentence
	}
	return a
}

// Type names the type of a field.
func Type(name string) Annotation { return Annotation{Type: name} }

// Enum names an enum that more than one field has, and describes it.
func Enum(name, sentence string) Annotation { return Annotation{Type: name, Sentence: sentence} }

// As gives a field another name.
func As(name string) Annotation { return Annotation{Mapping: []string{name}} }

// Hidden keeps a field, an edge or a type out of the API.
func Hidden() Annotation { return Annotation{Skip: everything} }

// Guard lets only viewers with level on feature read a field: in the row's tenant, or for a row of a pair in either
// tenant. In the API the field is nullable, and null with a FORBIDDEN error for everybody else.
func Guard(feature access.Feature, level access.Level) Annotation {
	return Annotation{Directives: []directive{{"can", []argument{
		{"feature", value{string(feature), enum}}, {"level", value{level.String(), enum}},
	}}}}
}

// Values describes the values of an enum. A value without a sentence is never shown to clients.
type Values map[string]string

// Name identifies the annotation.
func (Values) Name() string { return "Values" }
