package graph

import (
	"context"
	"slices"
	"strings"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/batch"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// answer turns what an operation returned into what its payload shows: the row as the viewer sees it now, or the rules
// that were broken.
func answer[T any, P interface {
	*T
	batch.Row
}](ctx context.Context, r *Resolver, written P, id func(P) string, err error) (P, []*model.UserError, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 || written == nil {
		return nil, faults, err
	}
	found, err := rowsNow(ctx, r, []P{written}, id)
	row, _ := found[id(written)].(P)
	return row, faults, err
}

// answers is answer for several rows. Those that the viewer does not see are left out.
func answers[P batch.Row](ctx context.Context, r *Resolver, written []P, id func(P) string, err error) ([]P, []*model.UserError, error) {
	rows := []P{}
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return rows, faults, err
	}
	found, err := rowsNow(ctx, r, written, id)
	for _, w := range written {
		if row, ok := found[id(w)].(P); ok {
			rows = append(rows, row)
		}
	}
	return rows, faults, err
}

// rowsNow returns rows that an operation returned, as far as the viewer sees them. An operation returns them as they stand;
// where only a statement tells who sees them, they are read again.
func rowsNow[P batch.Row](ctx context.Context, r *Resolver, written []P, id func(P) string) (map[string]model.Node, error) {
	names := ids(written, id)
	var tenants []string
	for _, w := range written {
		of := tenantsOf(w)
		if len(of) == 0 || of[0] == "" { // of what was carried out before, no more is known than the ids
			return r.nodesByID(ctx, names)
		}
		tenants = append(tenants, of...)
	}
	if len(names) == 0 {
		return nil, nil
	}
	if err := rule.From(ctx).Resolve(ctx, tenants...); err != nil {
		return nil, err
	}
	if _, told := sees(ctx, written[0]); !told {
		kind, _, _ := strings.Cut(names[0], "_")
		return nouns[kind].load(r, ctx, names)
	}
	seen := slices.DeleteFunc(slices.Clone(written), func(w P) bool { yes, _ := sees(ctx, w); return !yes })
	found := make(map[string]model.Node, len(seen))
	for _, w := range batch.Siblings(seen) {
		found[id(w)] = w
	}
	return found, nil
}

// sees reports whether the viewer sees a row whose tenants were resolved, as far as its kind tells that without a statement.
func sees(ctx context.Context, row any) (yes, told bool) {
	switch row := row.(type) {
	case *ent.Member:
		return rule.SeesMember(ctx, rule.From(ctx), row), true
	case *ent.Invitation:
		return rule.SeesInvitation(ctx, rule.From(ctx), row), true
	}
	return false, false
}

// nodesInOrder reads nodes, each at the position of its id.
func (r *Resolver) nodesInOrder(ctx context.Context, ids []string) ([]model.Node, error) {
	if len(ids) > mostRows {
		return nil, badInput("Ask for at most 100 nodes.")
	}
	found, err := r.nodesByID(selecting(ctx), ids)
	if err != nil {
		return nil, err
	}
	list := make([]model.Node, len(ids))
	for i, id := range ids {
		list[i] = found[id]
	}
	return list, nil
}

// viewer is who asks, nil when nobody is signed in.
func (r *Resolver) viewer(ctx context.Context) (*model.Viewer, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, nil
	}
	u, err := first(r.users(ctx, []string{v.UserID}))
	if err != nil || u == nil {
		return nil, err
	}
	return &model.Viewer{User: u}, nil
}

// once shows a secret, which is there only the first time.
func once(secret string) *string {
	if secret == "" {
		return nil
	}
	return &secret
}

func (r *Resolver) signedIn(ctx context.Context, in *mandate.SignedIn, err error) (*model.SignInPayload, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return &model.SignInPayload{UserErrors: faults}, err
	}
	session, err := first(r.sessions(ctx, []string{in.Session.ID}))
	if err != nil {
		return nil, err
	}
	v, err := r.viewer(ctx)
	return &model.SignInPayload{Token: once(in.Token), Session: session, Viewer: v, UserErrors: faults}, err
}

func (r *Resolver) entered(ctx context.Context, in *mandate.SignedIn, err error) (*model.EnterTenantPayload, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return &model.EnterTenantPayload{UserErrors: faults}, err
	}
	session, err := first(r.sessions(ctx, []string{in.Session.ID}))
	return &model.EnterTenantPayload{Token: once(in.Token), Session: session, UserErrors: faults}, err
}

func (r *Resolver) accepted(ctx context.Context, done *mandate.Accepted, err error) (*model.AcceptInvitationPayload, error) {
	faults, err := userErrors(err)
	if err != nil || len(faults) > 0 {
		return &model.AcceptInvitationPayload{UserErrors: faults}, err
	}
	p := &model.AcceptInvitationPayload{UserErrors: faults}
	if p.Invitation, _, err = answer[ent.Invitation](ctx, r, done.Invitation, invitationID, nil); err != nil {
		return nil, err
	}
	if p.Relationship, _, err = answer[ent.Relationship](ctx, r, done.Relationship, relationshipID, nil); err != nil {
		return nil, err
	}
	if in := done.SignedIn; in != nil {
		p.Token = once(in.Token)
		p.Session, err = first(r.sessions(ctx, []string{in.Session.ID}))
	}
	return p, err
}
