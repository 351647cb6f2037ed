package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/predicate"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/session"
	"mandate/internal/access"
)

// mostAssigned is how many customers one command assigns, and how many it takes back.
const mostAssigned = 1000

// AssignedCustomers is what SetAssignedCustomers did.
type AssignedCustomers struct {
	Partner              *ent.Partner
	Assigned, Unassigned int
}

// SetAssignedCustomers saves which customers a tech partner is assigned to, all or none. Named again, role and access period
// are replaced; one to be taken back that is not assigned is left as it is. For people with ASSIGNMENTS MANAGE by a membership
// of their own in the MSP who see the tech partner; in a session of their own.
//
// Errors name the row. NOT_FOUND, LIMIT_EXCEEDED, CONFLICT for a customer named twice, RELATIONSHIP_NOT_ACTIVE,
// ROLE_EXCEEDS_GRANT for more than the ceiling there, or than the viewer holds there; ACCESS_PERIOD_OUT_OF_RANGE,
// SELF_APPROVAL_FORBIDDEN for one of the tech partner's people; REQUIRED when nothing is named.
func (s *Service) SetAssignedCustomers(ctx context.Context, cmd SetAssignedCustomers) (done *AssignedCustomers, err error) {
	if err := cmd.check(); err != nil {
		return nil, err
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		g, given, _, err := t.assigning(ctx, cmd)
		if err != nil {
			return err
		}
		candidates, locked, err := t.lockCustomers(ctx, g, given, cmd)
		if err != nil {
			return err
		}
		g, given, span, err := t.assigning(ctx, cmd) // all of it may have changed while the locks were awaited
		if err != nil {
			return err
		}
		assign, err := t.assignableAmong(ctx, g, given, candidates, orZero(cmd.AllCustomers))
		if err != nil {
			return err
		}
		if isLocked := set(locked); slices.ContainsFunc(assign, func(f *footing) bool { return !isLocked[f.to.ID] }) {
			return errAgain // a customer only since
		}
		if err := cmd.contradicts(assign); err != nil {
			return err
		}
		done = &AssignedCustomers{Partner: g.partner, Assigned: len(assign)}
		e := event{action: "assigned_customers.saved", tenant: g.from.tenant.ID, other: g.partner.TenantID, target: g.id, targetName: g.name}
		if e.changes, err = t.setAssigned(ctx, g, given, span, assign, cmd.Unassign, done); err != nil {
			return err
		}
		var entered []predicate.Session
		for _, part := range split(locked) {
			entered = append(entered, session.EnteredTenantIDIn(part...))
		}
		if err := t.endUnreached(ctx, entered...); err != nil {
			return err
		}
		return t.record(ctx, e)
	}, &done)
	return done, err
}

// check checks what the command names by itself, and tells all that is wrong at once.
func (cmd SetAssignedCustomers) check() error {
	all := orZero(cmd.AllCustomers)
	switch {
	case all && len(cmd.Assign) > 0:
		return broken(Invalid, "Assign all customers, or those that you name.", "assign")
	case !all && len(cmd.Assign) == 0 && len(cmd.Unassign) == 0:
		return broken(Required, "Name customers to assign, or to take back.", "assign")
	}
	faults := those(atMost(len(cmd.Assign), mostAssigned, "customers", "assign"), atMost(len(cmd.Unassign), mostAssigned, "customers", "unassign"))
	if faults != nil {
		return faults
	}
	seen := make(map[string]bool)
	for _, side := range []struct {
		field string
		ids   []string
	}{{"assign", cmd.Assign}, {"unassign", cmd.Unassign}} {
		for i, id := range side.ids {
			if seen[id] {
				faults = append(faults, namedTwice(side.field, i))
			}
			seen[id] = true
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

func namedTwice(field string, i int) *Error {
	return broken(Conflict, "The customer is named twice.", field, strconv.Itoa(i))
}

// contradicts finds customers to be taken back among those that are assigned because all are.
func (cmd SetAssignedCustomers) contradicts(assign []*footing) error {
	named := make(map[string]bool, len(assign))
	for _, f := range assign {
		named[f.to.ID] = true
	}
	var faults Errors
	for i, id := range cmd.Unassign {
		if named[id] {
			faults = append(faults, namedTwice("unassign", i))
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

// assigning reads the tech partner, as somebody assigns it, and the role and the access period that it is to be given.
func (t *tx) assigning(ctx context.Context, cmd SetAssignedCustomers) (g *grantee, given namedRole, span period, err error) {
	if err = t.person(); err != nil {
		return nil, given, span, err
	}
	read := t.assignedPartner
	if !orZero(cmd.AllCustomers) && len(cmd.Assign) == 0 {
		read = t.techPartner
	}
	if g, err = read(ctx, cmd.PartnerID, []string{"partnerId"}); err != nil {
		return nil, given, span, err
	}
	if cmd.RoleID == nil && cmd.RoleKey == nil {
		key := role.KeyADMINISTRATOR
		cmd.RoleKey = &key
	}
	if given, err = t.role(ctx, g.from.tenant.ID, cmd.RoleID, cmd.RoleKey); err != nil {
		return nil, given, span, err
	}
	span, err = t.period(cmd.AccessPeriod, limitsOf(g.partner))
	return g, given, span, err
}

// lockCustomers locks the customers that the command is about, all in one statement, and answers those to be assigned, and
// which are locked: only customers of the MSP.
func (t *tx) lockCustomers(ctx context.Context, g *grantee, given namedRole, cmd SetAssignedCustomers) (candidates, locked []string, err error) {
	candidates = cmd.Assign
	if orZero(cmd.AllCustomers) {
		if candidates, err = t.allAssignable(ctx, g, given); err != nil {
			return nil, nil, err
		}
	}
	for _, part := range split(append(append([]string{}, candidates...), cmd.Unassign...)) {
		own, err := t.Relationship.Query().Where(relationship.ActiveCustomerIDIn(part...), relationship.PartnerID(g.from.tenant.ID)).
			Select(relationship.FieldCustomerID).Strings(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("read the customers' relationships: %w", err)
		}
		locked = append(locked, own...)
	}
	return candidates, locked, t.lock(ctx, locked...)
}

// mostCandidates is among how many customers "all" are looked for.
const mostCandidates = 10_000

// allAssignable lists the customers that the tech partner can be given the role in now.
func (t *tx) allAssignable(ctx context.Context, g *grantee, given namedRole) (all []string, err error) {
	last := ""
	for seen := 0; ; {
		part, err := t.Relationship.Query().Where(relationship.PartnerID(g.from.tenant.ID), relationship.StatusEQ(relationship.StatusActive),
			liveAt(t.now), relationship.IDGT(last)).Order(relationship.ByID()).Limit(mostInStatement).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the MSP's customers: %w", err)
		}
		customers := make([]string, len(part))
		for i, rel := range part {
			customers[i] = rel.CustomerID
		}
		able, err := t.assignableAmong(ctx, g, given, customers, true)
		if err != nil {
			return nil, err
		}
		for _, f := range able {
			all = append(all, f.to.ID)
		}
		if seen += len(part); len(all) > mostAssigned || seen > mostCandidates {
			return nil, broken(LimitExceeded, fmt.Sprintf("More than %d customers can be assigned: name them.", mostAssigned), "allCustomers")
		}
		if len(part) < mostInStatement {
			return all, nil
		}
		last = part[len(part)-1].ID
	}
}

// setAssigned writes what is to be assigned and takes back what is not, and tells what became of every customer.
func (t *tx) setAssigned(ctx context.Context, g *grantee, given namedRole, span period, assign []*footing, unassign []string, done *AssignedCustomers) ([]access.Change, error) {
	changes := append(change("role", "", given.name), t.told(span)...)
	if len(assign) == 0 {
		changes = nil
	}
	for _, f := range assign {
		changes = append(changes, change("assigned", "", f.to.Name)...)
	}
	if _, err := t.assignTo(ctx, g, given, span, assign); err != nil {
		return nil, err
	}
	for _, part := range split(unassign) {
		rows, err := t.Assignment.Query().Where(assignment.GranteeID(g.id), assignment.GranterID(g.from.tenant.ID), assignment.TenantIDIn(part...), OpenAt(t.now)).
			Order(assignment.ByID()).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read assignments: %w", err)
		}
		var there []string
		for _, a := range rows {
			there = append(there, a.TenantID)
			changes = append(changes, change("assigned", orZero(a.CustomerName), "")...)
		}
		done.Unassigned += len(rows)
		if len(there) == 0 {
			continue
		}
		if _, err := t.endResting(ctx, g.partner.TenantID, there); err != nil {
			return nil, err
		}
		if err := t.endAssignments(ctx, assignment.GranteeID(g.id), assignment.GranterID(g.from.tenant.ID), assignment.TenantIDIn(there...)); err != nil {
			return nil, err
		}
	}
	return changes, nil
}
