package mandate

import (
	"context"

	"mandate/ent"
)

// apart are the kinds of rows on which nobody's access rests.
var apart = set([]string{ent.TypeAccessRequest, ent.TypeAuditEvent, ent.TypeDevice, ent.TypeIdempotencyRecord, ent.TypeInvitation,
	ent.TypeOneTimeToken, ent.TypeOutboxMessage, ent.TypeServiceSubscription, ent.TypeSession, ent.TypeSignInThrottle,
	ent.TypeTablePreference, ent.TypeTenantTag, ent.TypeUser})

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
		}
		return next.Mutate(ctx, m)
	})
}

// moves reports whether a row of a kind, written in a context, may be one on which the viewer's access rests.
func (t *tx) moves(ctx context.Context, kind string) bool {
	if userID, known := ctx.Value(personKey{}).(string); known && personal[kind] {
		return userID == t.viewer.UserID
	}
	return !apart[kind]
}
