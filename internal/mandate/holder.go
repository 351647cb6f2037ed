package mandate

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/memberpermission"
)

// heldColumns are those of a member and of a level that it was given.
var heldColumns = "m." + strings.Join(member.Columns, ",m.") + ",p." + strings.Join(memberpermission.Columns, ",p.")

// holders reads members of a tenant, but for those that were removed, with the levels that they were given directly. A member
// stands in a row for each of these.
func (t *tx) holders(ctx context.Context, tenantID string, ids []string) (map[string]*ent.Member, error) {
	intoMember, readMember, err := ent.ScanMember(member.Columns)
	if err != nil {
		return nil, err
	}
	intoLevel, readLevel, err := ent.ScanMemberPermission(memberpermission.Columns)
	if err != nil {
		return nil, err
	}
	into := append(intoMember, intoLevel...)
	found := make(map[string]*ent.Member, len(ids))
	these, args := listed(distinct(ids))
	query := "SELECT " + heldColumns + " FROM members m LEFT JOIN member_permissions p ON p.member_id=m.id WHERE m.id IN " + these + " AND m.tenant_id=? AND m.status<>?"
	err = t.each(ctx, query, append(args, tenantID, member.StatusRemoved), func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		m, err := readMember()
		if err != nil {
			return err
		}
		if met := found[m.ID]; met != nil {
			m = met
		} else {
			found[m.ID] = m
			m.Hold(nil)
		}
		p, err := readLevel()
		if p.ID != "" {
			m.Hold(append(m.Edges.Permissions, p))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return found, nil
}
