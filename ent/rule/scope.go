package rule

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/intercept"
	"mandate/ent/privacy"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

// Scope says which rows of a table the viewer sees: a predicate, or privacy.Deny for none of them.
type Scope func(ctx context.Context, a *Access) (func(*sql.Selector), error)

// Policy holds a table's scope. Rows are read within it and written by nobody: internal/mandate, which decides about
// every write in its transaction, and the parts of the program itself go around it.
func Policy(s Scope) ent.Policy { return policy{s} }

type policy struct{ scope Scope }

// EvalQuery narrows a query to the rows in scope.
func (p policy) EvalQuery(ctx context.Context, q ent.Query) error {
	if viewer.From(ctx).IsSystem() {
		return privacy.Allow
	}
	narrow, err := p.scope(ctx, From(ctx))
	if err != nil || narrow == nil {
		return err
	}
	query, err := intercept.NewQuery(q)
	if err != nil {
		return err
	}
	query.WhereP(narrow)
	return privacy.Skip
}

// EvalMutation refuses: a write outside of a domain operation is a mistake of the program.
func (policy) EvalMutation(ctx context.Context, m ent.Mutation) error {
	if viewer.From(ctx).IsSystem() {
		return privacy.Allow
	}
	return privacy.Denyf("%s is written outside of a domain operation", m.Type())
}

// Unscoped returns a context in which a domain operation reads and writes what its decisions need.
func Unscoped(ctx context.Context) context.Context {
	return privacy.DecisionContext(ctx, privacy.Allow)
}

// Everyone lets every signed-in viewer see every row.
func Everyone(ctx context.Context, _ *Access) (func(*sql.Selector), error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, privacy.Denyf("nobody is signed in")
	}
	return nil, nil
}

// Nobody keeps every row to the program itself.
func Nobody(context.Context, *Access) (func(*sql.Selector), error) {
	return nil, privacy.Denyf("rows that are nobody's")
}

// Installation lets the administrators of the operator see every row.
func Installation(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	runs, err := a.RunsInstallation(ctx)
	if err == nil && !runs {
		err = privacy.Denyf("rows of the installation's operator")
	}
	return nil, err
}

// Tenants lets viewers see the tenants that they reach in any way.
func Tenants(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	return among(ctx, a, access.Tenant, access.None, "id")
}

// OfTenant lets viewers with VIEW on feature in a row's tenant see the row.
func OfTenant(feature access.Feature) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		return among(ctx, a, feature, access.View, "tenant_id")
	}
}

// OfPair lets viewers with VIEW on feature in one of a row's two tenants see the row.
func OfPair(feature access.Feature, one, other string) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		return among(ctx, a, feature, access.View, one, other)
	}
}

// OfOwnTenant lets viewers with VIEW on all of the features by a membership in a row's tenant see the row: nobody from outside.
func OfOwnTenant(features ...access.Feature) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		homes, err := a.Homes(ctx)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, m := range homes {
			lacks := func(f access.Feature) bool { return m.Levels.At(f) < access.View }
			if !slices.ContainsFunc(features, lacks) {
				ids = append(ids, m.TenantID)
			}
		}
		return func(s *sql.Selector) { anyOf(s, isIn(s, "tenant_id", ids)) }, nil
	}
}

// Webhooks lets viewers with TOKENS VIEW by a membership in a row's tenant see the row, unless it was deleted.
func Webhooks(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	own, err := OfOwnTenant(access.Tokens)(ctx, a)
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		own(s)
		s.Where(sql.NEQ(s.C("status"), "DELETED"))
	}, nil
}

func among(ctx context.Context, a *Access, feature access.Feature, level access.Level, columns ...string) (func(*sql.Selector), error) {
	ids, err := a.allowed(ctx, feature, level)
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		either := make([]*sql.Predicate, len(columns))
		for i, c := range columns {
			either[i] = isIn(s, c, ids)
		}
		anyOf(s, either...)
	}, nil
}

// OfPerson lets people see their own rows. A session that entered a tenant sees none but itself, an API token none at all.
func OfPerson(column string) Scope {
	return func(ctx context.Context, _ *Access) (func(*sql.Selector), error) {
		v := viewer.From(ctx)
		return func(s *sql.Selector) {
			s.Where(sql.EQ(s.C(column), v.UserID))
			if !v.InPerson() {
				s.Where(sql.EQ(s.C("id"), v.SessionID))
			}
		}, nil
	}
}

// TokensOf lets viewers see API tokens of their own, and with TOKENS VIEW those that rest on a membership in a row's tenant.
// The columns name that tenant and the owner.
func TokensOf(tenant, owner string) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		ids, err := a.allowed(ctx, access.Tokens, access.View)
		if err != nil {
			return nil, err
		}
		v := viewer.From(ctx)
		return func(s *sql.Selector) {
			anyOf(s, isIn(s, tenant, ids), isOwnToken(s, owner, v))
		}, nil
	}
}

// OwnTokens lets people see API tokens of their own, whatever else they reach: a token itself, a session that entered a tenant
// none. The column names the owner.
func OwnTokens(owner string) Scope {
	return func(ctx context.Context, _ *Access) (func(*sql.Selector), error) {
		v := viewer.From(ctx)
		return func(s *sql.Selector) { s.Where(isOwnToken(s, owner, v)) }, nil
	}
}

func isOwnToken(s *sql.Selector, owner string, v viewer.Viewer) *sql.Predicate {
	switch {
	case v.Token != nil:
		return sql.EQ(s.C("id"), v.Token.ID)
	case v.InPerson():
		return sql.EQ(s.C(owner), v.UserID)
	}
	return sql.False()
}

// Users lets people see themselves, and those whose memberships they may list. Whoever has left somewhere is gone there:
// what changes about the person since is no longer that tenant's affair.
func Users(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	members, err := Members(ctx, a)
	if err != nil {
		return nil, err
	}
	v := viewer.From(ctx)
	return func(s *sql.Selector) {
		m := sql.Select().From(sql.Table("members"))
		m.Select(m.C("user_id")).Where(sql.And(sql.ColumnsEQ(m.C("user_id"), s.C("id")), sql.NEQ(m.C("status"), "REMOVED")))
		m.SetDialect(s.Dialect())
		members(m)
		s.Where(sql.Or(sql.EQ(s.C("id"), v.UserID), sql.Exists(m)))
	}, nil
}

// Members lets people see their own memberships, an API token the one that it rests on, with USERS VIEW all of a tenant, and with GUESTS VIEW its guests.
func Members(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	users, err := a.allowed(ctx, access.Users, access.View)
	if err != nil {
		return nil, err
	}
	guests, err := a.allowed(ctx, access.Guests, access.View)
	if err != nil {
		return nil, err
	}
	all := make(map[string]bool, len(users))
	for _, id := range users {
		all[id] = true
	}
	guests = slices.DeleteFunc(guests, func(id string) bool { return all[id] })
	v := viewer.From(ctx)
	return func(s *sql.Selector) {
		either := []*sql.Predicate{isIn(s, "tenant_id", users)}
		if len(guests) > 0 {
			either = append(either, both(isIn(s, "tenant_id", guests), sql.EQ(s.C("guest"), true)))
		}
		switch {
		case v.Token != nil:
			either = append(either, sql.EQ(s.C("id"), v.Token.MemberID))
		case !v.Entered():
			either = append(either, sql.EQ(s.C("user_id"), v.UserID))
		}
		anyOf(s, either...)
	}, nil
}

// Sites lets viewers with SITES VIEW in a row's tenant see the row; somebody who holds it only by a membership with listed
// sites sees those rows whose site is listed there. The column names the row's site.
func Sites(column string) Scope {
	return func(ctx context.Context, a *Access) (func(*sql.Selector), error) {
		all, some, members, err := a.sites(ctx)
		if err != nil {
			return nil, err
		}
		return func(s *sql.Selector) {
			either := []*sql.Predicate{isIn(s, "tenant_id", all)}
			if len(members) > 0 {
				listed := sql.Dialect(s.Dialect()).Select("site_id").From(sql.Table("member_sites"))
				listed.Where(sql.In(listed.C("member_id"), values(members)...))
				either = append(either, both(isIn(s, "tenant_id", some), sql.In(s.C(column), listed)))
			}
			anyOf(s, either...)
		}, nil
	}
}

// RolesOf lets everybody see the system's roles, and those with ROLES VIEW in its tenant a custom one. Both sides of
// whatever carries a custom role read it there, through the row that carries it.
func RolesOf(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	ids, err := a.allowed(ctx, access.Roles, access.View)
	if err != nil {
		return nil, err
	}
	return func(s *sql.Selector) {
		anyOf(s, sql.IsNull(s.C("tenant_id")), isIn(s, "tenant_id", ids))
	}, nil
}

// Invitations lets both sides with PARTNERS VIEW see an invitation, and the person whom it was sent to.
func Invitations(ctx context.Context, a *Access) (func(*sql.Selector), error) {
	ids, err := a.allowed(ctx, access.Partners, access.View)
	if err != nil {
		return nil, err
	}
	v := viewer.From(ctx)
	return func(s *sql.Selector) {
		either := []*sql.Predicate{isIn(s, "partner_id", ids), isIn(s, "customer_id", ids)}
		if v.InPerson() {
			either = append(either, sql.EQ(s.C("email_canonical"), v.Email))
		}
		anyOf(s, either...)
	}, nil
}

// Addressed lets people see the invitations that were sent to their address. Neither a session that entered a tenant nor an
// API token sees any so, whatever else it reaches.
func Addressed(ctx context.Context, _ *Access) (func(*sql.Selector), error) {
	v := viewer.From(ctx)
	return func(s *sql.Selector) {
		if !v.InPerson() {
			s.Where(sql.False())
			return
		}
		s.Where(sql.EQ(s.C("email_canonical"), v.Email))
	}, nil
}

// always stands for a condition that holds for every row; it is never written.
var always = sql.ExprP("1=1")

func anyOf(s *sql.Selector, conditions ...*sql.Predicate) {
	if !slices.Contains(conditions, always) {
		s.Where(sql.Or(conditions...))
	}
}

func both(one, other *sql.Predicate) *sql.Predicate {
	if one == always {
		return other
	}
	return sql.And(one, other)
}

func isIn(s *sql.Selector, column string, ids []string) *sql.Predicate {
	if o, ok := s.Context().Value(ownersKey{}).(owners); ok && o.column == column {
		in := make(map[string]bool, len(ids))
		for _, id := range ids {
			in[id] = true
		}
		reached := slices.DeleteFunc(slices.Clone(o.ids), func(id string) bool { return !in[id] })
		if len(reached) == len(o.ids) {
			return always
		}
		ids = reached
	}
	if len(ids) == 0 {
		return sql.False()
	}
	return sql.In(Kept(s, column), values(ids)...)
}

func values(ids []string) []any {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return list
}
