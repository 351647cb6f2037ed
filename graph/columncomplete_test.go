package graph

import (
	"slices"
	"testing"

	"mandate/ent/auditevent"
	"mandate/ent/member"
	"mandate/ent/tenant"
)

// TestEveryColumnIsOfAField: a column that no field names is never read, and what is made of it would be empty.
func TestEveryColumnIsOfAField(t *testing.T) {
	t.Parallel()
	for _, l := range []struct {
		columns columns
		all     []string
		hidden  []string // which no field shows
	}{
		{memberColumns, member.Columns, []string{member.FieldSortName, member.FieldPresentHandle, member.FieldPresentUserID}},
		{auditEventColumns, auditevent.Columns, []string{auditevent.FieldActorID, auditevent.FieldActorTenantID, auditevent.FieldRelationshipID, auditevent.FieldTargetIds}},
		{tenantColumns, tenant.Columns, []string{tenant.FieldSortName, tenant.FieldPartnerID, tenant.FieldManagedByID}},
	} {
		var named []string
		for _, of := range l.columns {
			named = append(named, of...)
		}
		for _, c := range l.all {
			if slices.Contains(named, c) == slices.Contains(l.hidden, c) {
				t.Errorf("%s is of a field, or hidden: one of both", c)
			}
		}
	}
}
