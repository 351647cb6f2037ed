package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mandate/ent/table"
)

const byHand = "Rows were changed by hand, or this is a defect of the program: report it."

// invariants are what the product promises, each as one statement that finds the rows which break it.
var invariants = []check{
	offenders("one partner a customer", byHand, `
		SELECT customer_id FROM relationships WHERE status IN ('ACTIVE', 'SUSPENDED') GROUP BY customer_id HAVING COUNT(*) > 1`),
	offenders("the key of the one partner", byHand, `
		SELECT id FROM relationships WHERE status IN ('ACTIVE', 'SUSPENDED') AND (active_customer_id IS NULL OR active_customer_id <> customer_id)
		OR status NOT IN ('ACTIVE', 'SUSPENDED') AND active_customer_id IS NOT NULL`),
	offenders("one administrator at least", "Make an active member of the tenant its administrator, or delete the tenant.", `
		SELECT t.id FROM tenants t WHERE t.status <> 'DELETED'
		AND EXISTS (SELECT 1 FROM members m WHERE m.tenant_id = t.id AND m.status <> 'REMOVED')
		AND NOT EXISTS (SELECT 1 FROM members m WHERE m.tenant_id = t.id AND m.status = 'ACTIVE' AND m.administrator)`),
	offenders("accepted invitations have a relationship", byHand, `
		SELECT i.id FROM invitations i LEFT JOIN relationships r ON r.id = i.relationship_id
		WHERE i.status = 'ACCEPTED' AND (r.id IS NULL OR r.partner_id <> i.partner_id OR r.customer_id <> i.customer_id)`),
	offenders("relationships come from an invitation or with the customer", byHand, `
		SELECT r.id FROM relationships r WHERE r.kind = 'CUSTOMER_DESIGNATED'
		AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.relationship_id = r.id AND i.status = 'ACCEPTED')`),
	offenders("writes have their audit event", byHand, `
		SELECT r.id FROM relationships r WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.tenant_id = r.customer_id)
		AND NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.relationship_id = r.id)
		UNION ALL SELECT i.id FROM invitations i WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.tenant_id IN (i.partner_id, i.customer_id) AND e.target_id = i.id)
		UNION ALL SELECT t.id FROM tenants t WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.tenant_id = t.id)`),
	offenders("sent invitations have their mail", byHand, `
		SELECT i.id FROM invitations i WHERE i.status = 'PENDING' AND i.channel = 'EMAIL' AND i.last_sent_at IS NOT NULL AND NOT i.undeliverable
		AND NOT EXISTS (SELECT 1 FROM outbox_messages o WHERE o.invitation_id = i.id)`),
	offenders("mails are sent or not", byHand, `
		SELECT id FROM outbox_messages WHERE (status = 'SENT') <> (sent_at IS NOT NULL)`),
	{"hashes", Fail, "A secret is kept in clear: end what it opens, and report this.", clearHashes},
	offenders("sent mails hold no secret", "A secret is kept in clear: blank the message, and report this.", `
		SELECT id FROM outbox_messages WHERE status = 'SENT' AND secret AND (text <> '' OR html <> '')`),
	offenders("the audit trail holds no secret", "A link with a token is kept in clear: report this.", `
		SELECT id FROM audit_events WHERE changes LIKE '%token=%' OR changes LIKE '%$argon2id$%'`),
	offenders("roles are known where they are given", byHand, `
		SELECT r.id FROM relationships r JOIN roles o ON o.id = r.role_id WHERE o.tenant_id <> r.customer_id
		UNION ALL SELECT a.id FROM assignments a JOIN roles o ON o.id = a.role_id WHERE a.open_key IS NOT NULL AND o.tenant_id NOT IN (a.tenant_id, a.granter_id)`),
	offenders("assignments have their grantee", byHand, `
		SELECT a.id FROM assignments a WHERE a.open_key IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM members m WHERE m.id = a.grantee_id AND m.tenant_id = a.granter_id)
		AND NOT EXISTS (SELECT 1 FROM privilege_groups g WHERE g.id = a.grantee_id AND g.tenant_id = a.granter_id)
		AND NOT EXISTS (SELECT 1 FROM partners p JOIN tenants t ON t.id = p.tenant_id WHERE p.id = a.grantee_id AND t.managed_by_id = a.granter_id)`),
	offenders("access ends with what it rests on", byHand, `
		SELECT a.id FROM assignments a JOIN relationships r ON r.id = a.relationship_id WHERE a.open_key IS NOT NULL AND r.status IN ('EXPIRED', 'TERMINATED')
		UNION ALL SELECT s.id FROM sessions s JOIN relationships r ON r.id = s.relationship_id WHERE s.ended_at IS NULL AND r.status IN ('EXPIRED', 'TERMINATED')
		UNION ALL SELECT m.id FROM members m JOIN tenants t ON t.id = m.tenant_id WHERE t.status = 'DELETED' AND m.status <> 'REMOVED'`),
	offenders("API tokens end with what they rest on", byHand, `
		SELECT k.id FROM api_tokens k JOIN members m ON m.id = k.member_id
		WHERE k.revoked_at IS NULL AND (m.status = 'REMOVED' OR m.user_id <> k.user_id OR m.tenant_id <> k.tenant_id)`),
	offenders("the clock knows what ends", "An older program wrote it, or somebody by hand: once only this program runs, set due_at of these rows to created_at, or to NULL where nothing ends any more.", `
		SELECT id FROM relationships WHERE active_customer_id IS NOT NULL AND ends_at IS NOT NULL AND (due_at IS NULL OR due_at > ends_at)
		OR (ends_at IS NULL OR status = 'TERMINATED') AND due_at IS NOT NULL
		UNION ALL SELECT id FROM assignments WHERE open_key IS NOT NULL AND ends_at IS NOT NULL AND (due_at IS NULL OR due_at > ends_at)
		OR (ends_at IS NULL OR status = 'REVOKED') AND due_at IS NOT NULL`),
	{"background work is done", Warn, "Run mandate serve or mandate worker, and read its log.", undone},
	{"order of times", Fail, byHand, disorder},
}

// mostBehind is for how long what the clock ended may wait for a sweep.
const mostBehind = 10 * time.Minute

// undone finds what should have been swept already.
func undone(ctx context.Context, x *examination) (faults []string, err error) {
	since := x.clock().Add(-mostBehind)
	ids, err := x.texts(ctx, `SELECT id FROM relationships WHERE due_at < ? UNION ALL SELECT id FROM assignments WHERE due_at < ?
		UNION ALL SELECT id FROM invitations WHERE status = 'PENDING' AND expires_at < ?
		UNION ALL SELECT id FROM access_requests WHERE status = 'PENDING' AND expires_at < ?`, since, since, since, since)
	for _, id := range ids {
		faults = append(faults, "the clock had something to do with "+id)
	}
	return faults, err
}

// hashed are columns that hold hashes and are not called so.
var hashed = map[string]bool{"idempotency_records.principal_key": true, "sign_in_throttles.subject": true}

// clearHashes finds what should be a hash and is none: SHA-256 has 64 digits, and passwords say which function made them.
func clearHashes(ctx context.Context, x *examination) (faults []string, err error) {
	for _, t := range table.All {
		for _, c := range t.Columns {
			if c.Name != "hash" && !strings.HasSuffix(c.Name, "_hash") && !hashed[t.Name+"."+c.Name] {
				continue
			}
			ids, err := x.texts(ctx, fmt.Sprintf(`SELECT id FROM %s WHERE NOT (%s LIKE '$argon2id$%%' OR LENGTH(%s) = 64)`, t.Name, c.Name, c.Name))
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				faults = append(faults, fmt.Sprintf("%s.%s of %s is no hash", t.Name, c.Name, id))
			}
		}
	}
	return faults, nil
}

// ordered are pairs of columns of which the first is not after the second, in every table that has both.
var ordered = [][2]string{
	{"created_at", "updated_at"}, {"created_at", "expires_at"}, {"starts_at", "ends_at"}, {"started_at", "expires_at"},
	{"started_at", "ended_at"}, {"created_at", "used_at"}, {"created_at", "sent_at"}, {"created_at", "decided_at"},
}

// mostApart is by how much two moments may be the wrong way round: each of two programs reads its own clock, and reads it before it
// waits for the other one.
const mostApart = 10 * time.Second

// disorder finds rows whose times cannot be.
func disorder(ctx context.Context, x *examination) (faults []string, err error) {
	for _, t := range table.All {
		for _, pair := range ordered {
			if !t.Has(pair[0]) || !t.Has(pair[1]) {
				continue
			}
			late, err := x.late(ctx, t.Name, pair[0], pair[1])
			if err != nil {
				return nil, err
			}
			for _, id := range late {
				faults = append(faults, fmt.Sprintf("%s of %s is after its %s", pair[0], id, pair[1]))
			}
		}
	}
	return faults, nil
}

// late finds rows of a table whose one moment is after another one that it should come before.
func (x *examination) late(ctx context.Context, table, one, other string) (ids []string, err error) {
	query := fmt.Sprintf("SELECT id, %[2]s, %[3]s FROM %[1]s WHERE %[2]s > %[3]s LIMIT %[4]d", table, one, other, mostRows)
	rows, err := x.rows.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var first, second time.Time
		if err := rows.Scan(&id, &first, &second); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		if first.Sub(second) > mostApart {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}
