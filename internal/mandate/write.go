package mandate

import (
	"context"

	"mandate/ent"
)

// apart are the kinds of rows on which nobody's access rests.
var apart = set([]string{ent.TypeAccessRequest, ent.TypeAuditEvent, ent.TypeBookmark, ent.TypeDevice, ent.TypeIdempotencyRecord, ent.TypeInvitation,
	ent.TypeOneTimeToken, ent.TypeOutboxMessage, ent.TypeServiceSubscription, ent.TypeSession, ent.TypeSignInThrottle,
	ent.TypeTablePreference, ent.TypeTenantTag, ent.TypeUser, ent.TypeWebhook, ent.TypeWebhookDelivery})

// personal are the kinds of rows on which only the access of one person rests.
var personal = set([]string{ent.TypeMember, ent.TypeMemberPermission, ent.TypeMemberSite})

type (
	txKey     struct{}
	personKey struct{}
)

// noting returns a context in which t hears of what is written.
func noting(ctx context.Context, t *tx) context.Context { return context.WithValue(ctx, txKey{}, t) }

// belonging returns a context in which rows are written that belong to the memberships of one person.
func belonging(ctx context.Context, userID string) context.Context {
	return context.WithValue(ctx, personKey{}, userID)
}

// noteWrite is a hook that tells the transaction of a context what it is about to write. Nothing is written by other means.
func noteWrite(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if t, ok := ctx.Value(txKey{}).(*tx); ok {
			t.moved = t.moved || t.moves(ctx, m.Type())
			if m.Type() == ent.TypeTenant || m.Type() == ent.TypePartner {
				t.known.tenants = nil
			}
			row, err := next.Mutate(ctx, m)
			if err == nil {
				t.touchRow(row)
			}
			return row, err
		}
		return next.Mutate(ctx, m)
	})
}

// touched is a row that a transaction changed and that others are told of, with the tenants that it belongs to.
type touched struct {
	id      string
	tenants []string
}

// touchRow notes a row of a kind that others are told of when it changes. Of rows that one statement changes together, there is only
// their number here: whoever changes those notes them.
func (t *tx) touchRow(row ent.Value) {
	switch r := row.(type) {
	case *ent.Member:
		t.touch(r.ID, r.TenantID)
	case *ent.AccessRequest:
		t.touch(r.ID, r.TenantID)
	case *ent.Relationship:
		t.touch(r.ID, r.PartnerID, r.CustomerID)
	case *ent.Invitation:
		t.touch(r.ID, r.PartnerID, orZero(r.CustomerID))
	}
}

// touch notes a row that the transaction changes, for the next event of the tenants that it belongs to.
func (t *tx) touch(id string, tenantIDs ...string) {
	t.touched = append(t.touched, touched{id, without(tenantIDs, []string{""})})
}

// moves reports whether a row of a kind, written in a context, may be one on which the viewer's access rests.
func (t *tx) moves(ctx context.Context, kind string) bool {
	if userID, known := ctx.Value(personKey{}).(string); known && personal[kind] {
		return userID == t.viewer.UserID
	}
	return !apart[kind]
}
