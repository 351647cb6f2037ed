package doctor

import (
	"context"

	"mandate/internal/database"
)

// trailCheck looks at what the program's user on a server of MySQL's kind may do to the audit trail. EXPLAIN takes the
// rights of the statement, wherever they come from, and carries nothing out.
var trailCheck = check{"append-only audit trail", Warn, `Give the program a user that can only add to it: see "Run it" in the README.`,
	func(ctx context.Context, x *examination) (faults []string, err error) {
		for _, s := range []struct{ right, statement string }{
			{"UPDATE", "EXPLAIN UPDATE audit_events SET reason = NULL WHERE 1 = 0"},
			{"DELETE", "EXPLAIN DELETE FROM audit_events WHERE 1 = 0"},
		} {
			rows, err := x.rows.QueryContext(ctx, s.statement)
			if database.IsDenied(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if err := rows.Close(); err != nil {
				return nil, err
			}
			faults = append(faults, "the program's user may "+s.right+" audit_events")
		}
		return faults, nil
	}}
