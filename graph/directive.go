package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/graph/generated"
	"mandate/internal/access"
	"mandate/internal/viewer"
)

var directives = generated.DirectiveRoot{
	Public:   func(ctx context.Context, _ any, next graphql.Resolver) (any, error) { return next(ctx) },
	SignedIn: signedIn,
	Can:      can,
}

// signedIn lets signed-in viewers ask.
func signedIn(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
	if !viewer.From(ctx).SignedIn() {
		return nil, errUnauthenticated
	}
	return next(ctx)
}

// can lets viewers with level on feature read a field of a row: in the row's tenant, or in either tenant of a pair.
func can(ctx context.Context, row any, next graphql.Resolver, feature access.Feature, level access.Level) (any, error) {
	if err := needs(ctx, row, feature, level); err != nil {
		return nil, err
	}
	return next(ctx)
}

// needs fails unless the viewer has level on feature where a row belongs.
func needs(ctx context.Context, row any, feature access.Feature, level access.Level) error {
	for _, id := range guards(row) {
		reach, err := rule.From(ctx).To(ctx, id)
		if err != nil {
			return err
		}
		if reach != nil && reach.Levels.At(feature) >= level {
			return nil
		}
	}
	return lacking(feature, level)
}

// lacking says which level on which feature the viewer would need.
func lacking(feature access.Feature, level access.Level) *fault {
	return &fault{errForbidden.code, fmt.Sprintf("This takes %s %s here.", feature, level)}
}

// guards returns the tenants whose permissions guard the fields of a row.
func guards(row any) []string {
	switch row.(type) {
	case *ent.Tenant, *ent.Partner, *ent.Member, *ent.Relationship, *ent.Webhook:
		return tenantsOf(row)
	}
	panic(fmt.Sprintf("fields of %T are guarded, and nothing says by which tenant", row))
}

// tenantsOf returns the tenants whose permissions decide about a row; none if they are to be looked up.
func tenantsOf(row any) []string {
	switch r := row.(type) {
	case *ent.Tenant:
		return []string{r.ID}
	case *ent.Partner:
		return []string{r.TenantID}
	case *ent.Member:
		return []string{r.TenantID}
	case *ent.Role:
		return []string{orZero(r.TenantID)}
	case *ent.Relationship:
		return []string{r.PartnerID, r.CustomerID}
	case *ent.Invitation:
		return []string{r.PartnerID, orZero(r.CustomerID)}
	case *ent.Assignment:
		return []string{r.GranterID, r.TenantID}
	case *ent.PrivilegeGroup:
		return []string{r.TenantID}
	case *ent.AccessRequest:
		return []string{r.TenantID}
	case *ent.ApiToken:
		return []string{r.TenantID}
	case *ent.Webhook:
		return []string{r.TenantID}
	case *ent.WebhookDelivery:
		return []string{r.TenantID}
	}
	return nil
}
