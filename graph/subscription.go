package graph

import (
	"context"
	"slices"
	"strings"

	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/batch"
)

// change is what a subscription tells of.
type change struct {
	kind  string         // of rows, as their ids begin
	needs access.Feature // on which it takes VIEW in the tenant
}

// changes are those that subscriptions tell of, by their root fields.
var changes = map[string]change{
	"invitationChanged":    {"inv", access.Partners},
	"relationshipChanged":  {"rel", access.Partners},
	"accessRequestChanged": {"req", access.Users},
	"memberChanged":        {"mem", access.Guests},
}

// heard fails unless the viewer may hear of changes in a tenant: with NOT_FOUND for one that is out of reach, with FORBIDDEN without
// the level.
func (c change) heard(ctx context.Context, tenantID string) error {
	if !isID("ten", tenantID) {
		return errNoTenant
	}
	reach, err := rule.From(ctx).To(ctx, tenantID)
	switch {
	case err != nil:
		return err
	case reach == nil:
		return errNoTenant
	case reach.Levels.At(c.needs) < access.View:
		return lacking(c.needs, access.View)
	}
	return nil
}

var (
	errNoStream = badInput("Ask for subscriptions over a WebSocket, or as server-sent events, by the header Accept: text/event-stream.")
	errHidden   = &fault{"NOT_FOUND", "There is no such row."}
)

// isID reports whether a text can be the id of a row of a kind.
func isID(kind, text string) bool { return len(text) == 30 && strings.HasPrefix(text, kind+"_") }

// occasion is for which row a subscription is executed, and what came of that.
type occasion struct {
	change
	id     string
	failed error // errHidden when the viewer does not see the row, in this tenant
}

type occasionKey struct{}

// changed resolves a root field of subscriptions: the row of the occasion as the viewer sees it now, if it belongs to the tenant.
func changed[P batch.Row](ctx context.Context, r *Resolver, tenantID string) (row P, err error) {
	o, _ := ctx.Value(occasionKey{}).(*occasion)
	if o == nil {
		return row, errNoStream
	}
	defer func() { o.failed = err }()
	if err := o.heard(ctx, tenantID); err != nil {
		return row, err
	}
	found, err := r.nodesByID(selecting(ctx), []string{o.id})
	if err != nil {
		return row, err
	}
	row, seen := found[o.id].(P)
	if !seen || !slices.Contains(tenantsOf(row), tenantID) {
		return row, errHidden
	}
	return row, nil
}
