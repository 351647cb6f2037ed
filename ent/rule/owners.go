package rule

import (
	"context"

	"entgo.io/ent/dialect/sql"
)

type ownersKey struct{}

type owners struct {
	column string
	ids    []string
}

// OfOwners tells s that all its rows belong to some of the given owners, by one column. A scope that is applied to it
// afterwards need not repeat what of them the viewer reaches.
func OfOwners(s *sql.Selector, column string, ids []string) {
	s.WithContext(context.WithValue(s.Context(), ownersKey{}, owners{column, ids}))
}

// Below narrows a query of Ent's to the rows of given owners, by one column.
func Below[P ~func(*sql.Selector)](column string, ids []string) P {
	return func(s *sql.Selector) {
		s.Where(sql.In(s.C(column), values(ids)...))
		OfOwners(s, column, ids)
	}
}
