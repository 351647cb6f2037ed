package mandate

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"mandate/ent"
	"mandate/ent/relationship"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// assignableAmong finds out what assignments of the role to customers would stand on. Those to which it cannot be given are
// left out, or each is an error that names its row.
func (t *tx) assignableAmong(ctx context.Context, g *grantee, given namedRole, ids []string, leaveOut bool) ([]*footing, error) {
	footings, err := t.footings(ctx, g, ids)
	if err != nil {
		return nil, err
	}
	sees, err := t.seesPair(ctx, access.Partners, g.from.tenant.ID)
	if err != nil {
		return nil, err
	}
	var faults Errors
	var able []*footing
	for i, id := range ids {
		at := []string{"assign", strconv.Itoa(i)}
		f := footings[id]
		var fault *Error
		switch {
		case f == nil:
			fault = notFound(at...)
		case f.rel.Status == relationship.StatusSuspended && sees:
			fault = broken(RelationshipNotActive, "The relationship with this customer is suspended.", at...)
		case f.rel.Status == relationship.StatusSuspended || !f.reached:
			fault = notFound(at...)
		default:
			fault = f.bears(given, at...)
		}
		if fault == nil {
			able = append(able, f)
		} else {
			faults = append(faults, fault)
		}
	}
	if faults != nil && !leaveOut {
		return nil, faults
	}
	return able, nil
}

// footings reads what assignments to customers would stand on, by customer, in a fixed number of statements for a part of
// them. Whoever is no customer of the MSP is left out.
func (t *tx) footings(ctx context.Context, g *grantee, ids []string) (map[string]*footing, error) {
	found := make(map[string]*footing, len(ids))
	var ceilings []string
	for _, part := range split(ids) {
		tenants, err := t.Tenant.Query().Where(tenant.IDIn(part...)).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the customers: %w", err)
		}
		rels, err := t.Relationship.Query().Where(relationship.ActiveCustomerIDIn(part...), relationship.PartnerID(g.from.tenant.ID), liveAt(t.now)).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the customers' relationships: %w", err)
		}
		byCustomer := make(map[string]*ent.Relationship, len(rels))
		for _, rel := range rels {
			byCustomer[rel.CustomerID] = rel
			ceilings = append(ceilings, rel.RoleID)
		}
		for _, tn := range tenants {
			if rel := byCustomer[tn.ID]; rel != nil {
				found[tn.ID] = &footing{to: tn, rel: rel}
			}
		}
	}
	return found, t.bind(ctx, found, distinct(ceilings))
}

// bind finds out what bounds the role in each of the customers: the ceiling, and what the viewer holds there.
func (t *tx) bind(ctx context.Context, found map[string]*footing, ceilings []string) error {
	levels := make(map[string]access.Levels, len(ceilings))
	for _, part := range split(ceilings) {
		read, err := t.access.RoleLevels(ctx, part...)
		if err != nil {
			return fmt.Errorf("read ceilings: %w", err)
		}
		maps.Copy(levels, read)
	}
	var customers []string
	for id := range found {
		customers = append(customers, id)
	}
	for _, part := range split(distinct(customers)) {
		if err := t.access.Resolve(ctx, part...); err != nil {
			return err
		}
	}
	for id, f := range found {
		f.bounds = append(f.bounds, bound{levels[f.rel.RoleID], "The role is more than the customer allows."})
		if reach := t.access.Known(ctx, id); reach != nil {
			f.reached = true
			f.bounds = append(f.bounds, bound{reach.Levels, tooMuch})
		}
	}
	return nil
}
