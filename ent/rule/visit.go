package rule

// conditions writes which rows make a live path to a tenant that stands.
func (r *route) conditions(s *statement) {
	s.add(" WHERE ").addAll(&r.where)
	if r.suspend == "" {
		s.add(" AND t.status='ACTIVE'")
	} else {
		s.add(" AND (t.status='ACTIVE' OR (t.status='SUSPENDED' AND " + r.suspend + "))")
	}
}

// visiting is how much of the way through its tables a route says.
type visiting int

const (
	freely  visiting = iota // as the engine likes
	inOrder                 // in the order of the route
	along                   // and by its indexes
)

// from writes the tables.
func (r *route) from(s *statement, d string, v visiting) {
	for i, t := range r.tables {
		switch {
		case i == 0:
			s.add(" FROM ")
		case t.left:
			s.add(" LEFT JOIN ")
		case v >= inOrder:
			s.add(thenJoin(d))
		default:
			s.add(" JOIN ")
		}
		s.add(t.name + " " + t.alias)
		if v == along && t.index != "" {
			s.add(hint(d, t.index))
		}
		if t.on != "" {
			s.add(" ON "+t.on, t.args...)
		}
	}
}
