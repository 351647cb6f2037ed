package floor

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"github.com/oklog/ulid/v2"

	"mandate/internal/access"
)

// entropy lets ids grow within a millisecond too.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// newID makes an id of a kind.
func newID(kind string) string {
	return kind + "_" + strings.ToLower(ulid.MustNew(ulid.Now(), entropy).String())
}

// record writes the audit event of what somebody did in a tenant of their own.
func (r *request) record(ctx context.Context, c *conn, action string, h *home, actor, tenantName, target, targetName string, changes ...access.Change) error {
	text, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	return c.exec(ctx, `INSERT INTO audit_events (id, at, action, tenant_id, actor_id, actor_name, actor_tenant_id, actor_tenant_name, actor_tenant_kind,
target_id, target_name, changes, request_id, address) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		newID("evt"), r.now, action, h.tenantID, r.viewer.userID, actor, h.tenantID, tenantName, h.kind, target, targetName, string(text), r.id, none(r.address))
}

// none is NULL for "".
func none(s string) any {
	if s == "" {
		return nil
	}
	return s
}
