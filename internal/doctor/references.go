package doctor

import (
	"context"
	"fmt"
	"slices"

	"mandate/ent/table"
)

// reference is a column that holds ids of another table's rows.
type reference struct{ table, column, to string }

// String names the column.
func (r reference) String() string { return r.table + "." + r.column }

// targets are what columns without a foreign key refer to.
var targets = map[string]string{
	"tenant_id": "tenants", "other_tenant_id": "tenants", "actor_tenant_id": "tenants", "home_tenant_id": "tenants",
	"partner_id": "tenants", "managed_by_id": "tenants", "active_customer_id": "tenants", "actor_id": "users", "user_id": "users",
	"present_user_id": "users", "relationship_id": "relationships", "invitation_id": "invitations", "member_id": "members",
	"sender_id": "members", "parent_id": "sessions", "event_id": "audit_events",
}

// elsewhere are columns that hold ids of several tables, or of rows that may be gone.
var elsewhere = map[string]string{
	"audit_events.target_id": "what was acted on may be deleted; the event stays",
	"assignments.grantee_id": "a member, a group or a partner: an invariant of its own",
	"bookmarks.event_id":     "a place among the events, which need not be one of them",
}

// references lists the columns of the schema that refer to rows, and those of which nobody says to what.
func references() (known []reference, unknown []string) {
	for _, t := range table.All {
		for _, c := range t.Columns {
			if !isReference(c) {
				continue
			}
			r := reference{t.Name, c.Name, c.References}
			if r.to == "" {
				r.to = targets[c.Name]
			}
			switch {
			case elsewhere[r.String()] != "":
			case r.to == "":
				unknown = append(unknown, r.String())
			default:
				known = append(known, r)
			}
		}
	}
	return known, unknown
}

// isReference tells columns of ids from others by their type; the id of the row itself has it too.
func isReference(c table.Column) bool {
	return c.MySQL == "char(30)" && c.Name != "id"
}

var referenceChecks = []check{
	{"references", Fail, "Rows were deleted by hand, or restored in part: restore them, or delete what refers to them.", func(ctx context.Context, x *examination) (faults []string, err error) {
		known, _ := references()
		for _, r := range known {
			orphans, err := x.texts(ctx, fmt.Sprintf("SELECT a.id FROM %s a LEFT JOIN %s b ON b.id = a.%s WHERE a.%s IS NOT NULL AND b.id IS NULL", r.table, r.to, r.column, r.column))
			if err != nil {
				return nil, err
			}
			for _, id := range orphans {
				faults = append(faults, fmt.Sprintf("%s of %s refers to nothing", r, id))
			}
		}
		return faults, nil
	}},
	{"one tenant", Fail, "Rows were changed by hand: what belongs together belongs to one tenant.", func(ctx context.Context, x *examination) (faults []string, err error) {
		known, _ := references()
		for _, r := range known {
			if !within(r) {
				continue
			}
			strangers, err := x.texts(ctx, fmt.Sprintf("SELECT a.id FROM %s a JOIN %s b ON b.id = a.%s WHERE b.tenant_id <> a.tenant_id", r.table, r.to, r.column))
			if err != nil {
				return nil, err
			}
			for _, id := range strangers {
				faults = append(faults, fmt.Sprintf("%s of %s is of another tenant", r, id))
			}
		}
		return faults, nil
	}},
}

// within reports whether both rows of a reference say whose they are, and it has to be the same tenant. An assignment's
// tenant is the one that it reaches, a mailed token's the one that had it sent, and a limit's what a token is limited to; an event
// is delivered to the other tenant that it concerns, too.
func within(r reference) bool {
	return r.to != "tenants" && r.to != "audit_events" && hasTenant(r.table) && hasTenant(r.to) &&
		r.table != "assignments" && r.table != "audit_events" && r.table != "one_time_tokens" && r.table != "api_token_tenants"
}

func hasTenant(name string) bool {
	return slices.ContainsFunc(table.All, func(t table.Table) bool { return t.Name == name && t.Has("tenant_id") })
}
