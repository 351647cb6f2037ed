package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"mandate/ent"
	"mandate/ent/groupcustomer"
	"mandate/ent/groupmember"
	"mandate/ent/member"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// mostListed is how many customers one command names.
const mostListed = 1000

// places are the members of a group and the customers that it lists, or some of them.
type places struct {
	members   []*ent.Member
	customers []*ent.Tenant
}

// changes writes places for the audit trail: people by name, customers by id, because not everybody who reads of the group
// reaches them.
func (p places) changes(taken bool) []access.Change {
	var list []access.Change
	note := func(field, value string) {
		if taken {
			list = append(list, change(field, "", value)...)
		} else {
			list = append(list, change(field, value, "")...)
		}
	}
	for _, m := range p.members {
		note("member", NameOf(m))
	}
	for _, c := range p.customers {
		note("customer", c.ID)
	}
	return list
}

// listed reads which of some customers a group lists, and finds out which of them the viewer reaches.
func (t *tx) listed(ctx context.Context, groupID string, ids []string) (map[string]*ent.Tenant, error) {
	listed := make(map[string]*ent.Tenant)
	for _, part := range split(ids) {
		rows, err := t.GroupCustomer.Query().Where(groupcustomer.GroupID(groupID), groupcustomer.CustomerIDIn(part...)).WithCustomer().All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the group's customers: %w", err)
		}
		for _, row := range rows {
			listed[row.CustomerID] = row.Edges.Customer
		}
		if err := t.access.Resolve(ctx, part...); err != nil {
			return nil, err
		}
	}
	return listed, nil
}

// enlistable reads the members whom the viewer may take into a group: active ones, no administrators, who reach every
// customer anyway, no guests, and not the viewer.
func (t *tx) enlistable(ctx context.Context, own ownGrouping, ids []string, field string) ([]*ent.Member, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := t.Member.Query().Where(member.IDIn(ids...), member.TenantID(own.home.TenantID), member.StatusEQ(member.StatusActive),
		member.Administrator(false), member.Guest(false)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return inOrder(ids, rows, func(m *ent.Member) string { return m.ID }, field, func(id string) *Error {
		if id == own.home.ID {
			return broken(SelfApprovalForbidden, "Nobody puts themselves into a group.")
		}
		return nil
	})
}

// groupable reads the customers that the viewer may list for a group: those of live relationships of the partner that the
// viewer reaches. None of them is left by its partner before the transaction ends.
func (t *tx) groupable(ctx context.Context, partnerID string, ids []string, field string) ([]*ent.Tenant, error) {
	var rows []*ent.Tenant
	for _, part := range split(ids) {
		of := t.Relationship.Query().Where(relationship.PartnerID(partnerID), relationship.ActiveCustomerIDIn(part...), liveAt(t.now))
		candidates, err := of.Clone().Select(relationship.FieldCustomerID).Strings(ctx)
		if err != nil {
			return nil, fmt.Errorf("read customers: %w", err)
		}
		if err := t.hold(ctx, candidates...); err != nil {
			return nil, err
		}
		if candidates, err = of.Select(relationship.FieldCustomerID).Strings(ctx); err != nil {
			return nil, fmt.Errorf("read customers: %w", err)
		}
		if err := t.access.Resolve(ctx, candidates...); err != nil {
			return nil, err
		}
		candidates = slices.DeleteFunc(candidates, func(id string) bool { return t.access.Known(ctx, id) == nil })
		found, err := t.Tenant.Query().Where(tenant.IDIn(candidates...)).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read customers: %w", err)
		}
		rows = append(rows, found...)
	}
	return inOrder(ids, rows, func(tn *ent.Tenant) string { return tn.ID }, field, func(string) *Error { return nil })
}

// inOrder puts rows in the order of the ids that name them, and tells of every id that names none, or one for the second
// time, or one that the other rule refuses.
func inOrder[T any](ids []string, rows []T, id func(T) string, field string, refuses func(string) *Error) ([]T, error) {
	byID := keyed(rows, id)
	var list []T
	var faults Errors
	seen := make(map[string]bool, len(ids))
	for i, named := range ids {
		at := []string{field, strconv.Itoa(i)}
		row, there := byID[named]
		switch fault := refuses(named); {
		case fault != nil:
			faults = append(faults, fault.under(at...))
		case !there:
			faults = append(faults, notFound(at...))
		case seen[named]:
			faults = append(faults, broken(Conflict, "This is named twice.", at...))
		default:
			list = append(list, row)
		}
		seen[named] = true
	}
	if faults != nil {
		return nil, faults
	}
	return list, nil
}

// fillGroup takes members and customers into a group.
func (t *tx) fillGroup(ctx context.Context, g *ent.PrivilegeGroup, p places) error {
	var members []*ent.GroupMemberCreate
	for _, m := range p.members {
		members = append(members, t.GroupMember.Create().SetTenantID(g.TenantID).SetGroupID(g.ID).SetMemberID(m.ID))
	}
	if err := t.GroupMember.CreateBulk(members...).Exec(ctx); err != nil {
		return fmt.Errorf("take members into the group: %w", err)
	}
	var customers []*ent.GroupCustomerCreate
	for _, tn := range p.customers {
		customers = append(customers, t.GroupCustomer.Create().SetTenantID(g.TenantID).SetGroupID(g.ID).SetCustomerID(tn.ID).SetCustomerSortName(tn.SortName))
	}
	for part := range slices.Chunk(customers, mostInStatement) {
		if err := t.GroupCustomer.CreateBulk(part...).Exec(ctx); err != nil {
			return fmt.Errorf("list customers for the group: %w", err)
		}
	}
	return nil
}

// leaveGroup takes members and customers out of a group; over all customers it lists none.
func (t *tx) leaveGroup(ctx context.Context, g *ent.PrivilegeGroup, c regrouping) error {
	var members, customers []string
	for _, m := range c.removed.members {
		members = append(members, m.ID)
	}
	for _, tn := range c.removed.customers {
		customers = append(customers, tn.ID)
	}
	if _, err := t.GroupMember.Delete().Where(groupmember.GroupID(g.ID), groupmember.MemberIDIn(members...)).Exec(ctx); err != nil {
		return fmt.Errorf("take members out of the group: %w", err)
	}
	out := t.GroupCustomer.Delete().Where(groupcustomer.GroupID(g.ID))
	if c.scope != privilegegroup.ScopeAllCustomers {
		out.Where(groupcustomer.CustomerIDIn(customers...))
	}
	if _, err := out.Exec(ctx); err != nil {
		return fmt.Errorf("take customers off the group's list: %w", err)
	}
	return nil
}
