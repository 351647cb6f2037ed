package graph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"mandate/graph/model"
)

const (
	mostRows   = 100
	mostCursor = 4096 // bytes
)

// window is which part of a list is asked for.
type window struct {
	limit    int
	backward bool
	cursor   *string
}

// windowOf reads the arguments of a list. A bound is required.
func windowOf(first *int, after *string, last *int, before *string) (window, error) {
	w := window{limit: orZero(first), cursor: after}
	if first == nil && last != nil {
		w = window{limit: *last, backward: true, cursor: before}
	}
	switch {
	case (first == nil) == (last == nil), w.limit < 1, w.limit > mostRows:
		return w, badInput(fmt.Sprintf("Give a bound from 1 to %d: first, or last where there is one, and not both.", mostRows))
	case first != nil && before != nil, last != nil && after != nil:
		return w, badInput("after goes with first, and before with last.")
	}
	return w, nil
}

// searched reads what to search for: at least two characters.
func searched(s *string) (prefix string, err error) {
	if s == nil {
		return "", nil
	}
	prefix = sortName(*s)
	if len([]rune(prefix)) < 2 {
		return "", errSearchTooShort
	}
	return prefix, nil
}

// decodeCursor reads a cursor of a list: as many strings as there are columns, the first of them an instant if moment.
func decodeCursor(kind string, places int, moment bool, cursor string) ([]any, error) {
	bad := badInput("This is not a cursor of this list.")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) > mostCursor {
		return nil, bad
	}
	var place []any
	if err := json.Unmarshal(b, &place); err != nil || len(place) != places+1 || place[0] != kind {
		return nil, bad
	}
	place = place[1:]
	for i, v := range place {
		switch v := v.(type) {
		case string:
			if moment && i == 0 {
				return nil, bad
			}
			if i == len(place)-1 {
				place[i] = model.Comparable(v)
			}
		case float64:
			at := time.UnixMicro(int64(v)).UTC()
			if !moment || i > 0 || v != float64(at.UnixMicro()) || at.Year() < 1 || at.Year() > 9999 {
				return nil, bad
			}
			place[i] = at
		default:
			return nil, bad
		}
	}
	return place, nil
}
