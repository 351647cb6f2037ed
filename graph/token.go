package graph

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"mandate/ent"
	"mandate/ent/apitokentenant"
	"mandate/ent/member"
	"mandate/ent/rule"
	"mandate/graph/model"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// madeToken is the payload of a token that was just made: the only place where its secret is shown.
func (r *Resolver) madeToken(ctx context.Context, made *mandate.NewAPIToken, err error) (*model.CreateAPITokenPayload, error) {
	if err != nil {
		faults, err := userErrors(err)
		return &model.CreateAPITokenPayload{UserErrors: faults}, err
	}
	row, faults, err := answer(ctx, r, made.Token, apiTokenID, nil)
	return &model.CreateAPITokenPayload{Token: once(made.Secret), APIToken: row, UserErrors: faults}, err
}

// askingToken is the API token that asks, nil for a session.
func (r *Resolver) askingToken(ctx context.Context) (*ent.ApiToken, error) {
	t := viewer.From(ctx).Token
	if t == nil {
		return nil, nil
	}
	return first(r.apiTokens(ctx, []string{t.ID}))
}

// tokenOwners reads the names of the people for whom tokens act, as the memberships have them that the tokens rest on.
func (r *Resolver) tokenOwners(ctx context.Context, tokens []*ent.ApiToken) ([]*model.PersonProfile, error) {
	rows, err := r.Client.Member.Query().Where(member.IDIn(distinct(ids(tokens, func(t *ent.ApiToken) string { return t.MemberID }))...)).
		All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	byID := keyed(rows, memberID)
	owners := make([]*model.PersonProfile, len(tokens))
	for i, t := range tokens {
		owners[i] = &model.PersonProfile{Name: mandate.NameOf(byID[t.MemberID])}
	}
	return owners, nil
}

// tokenTenants reads the tenants that tokens are limited to, by name, as far as the viewer reaches them: a token's limit
// tells nobody of a tenant that they do not know. It is null for a token without a limit.
func (r *Resolver) tokenTenants(ctx context.Context, tokens []*ent.ApiToken) ([][]*model.TenantProfile, error) {
	limits, err := r.Client.ApiTokenTenant.Query().Where(apitokentenant.TokenIDIn(ids(tokens, apiTokenID)...)).All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	reached, err := r.tenants(ctx, distinct(ids(limits, func(l *ent.ApiTokenTenant) string { return l.TenantID })))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(reached, func(a, b *ent.Tenant) int {
		return cmp.Or(strings.Compare(a.SortName, b.SortName), strings.Compare(a.ID, b.ID))
	})
	lists, at := make([][]*model.TenantProfile, len(tokens)), make(map[string]int, len(tokens))
	for i, t := range tokens {
		at[t.ID] = i
		if !t.AllTenants {
			lists[i] = []*model.TenantProfile{}
		}
	}
	limited := make(map[string][]int, len(reached)) // by the id of a tenant, where the tokens stand that are limited to it
	for _, l := range limits {
		limited[l.TenantID] = append(limited[l.TenantID], at[l.TokenID])
	}
	for _, tn := range reached {
		for _, i := range limited[tn.ID] {
			lists[i] = append(lists[i], profileOf(tn))
		}
	}
	return lists, nil
}

// tokenHomes reads the tenants of the memberships that tokens rest on, as far as the viewer reaches them: a token that is
// limited to other tenants does not reach its own.
func (r *Resolver) tokenHomes(ctx context.Context, tokens []*ent.ApiToken) ([]*model.TenantProfile, error) {
	reached, err := r.tenants(ctx, distinct(ids(tokens, func(t *ent.ApiToken) string { return t.TenantID })))
	if err != nil {
		return nil, err
	}
	byID := keyed(reached, tenantID)
	profiles := make([]*model.TenantProfile, len(tokens))
	for i, t := range tokens {
		if tn := byID[t.TenantID]; tn != nil {
			profiles[i] = profileOf(tn)
		}
	}
	return profiles, nil
}
