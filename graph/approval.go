package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/rule"
	"mandate/internal/clock"
	"mandate/internal/mandate"
)

// decidable tells of requests whether the viewer may decide about them, by the rules that the operations decide by.
func (r *Resolver) decidable(ctx context.Context, requests []*ent.AccessRequest) ([]bool, error) {
	rows, err := r.Client.Member.Query().Where(member.IDIn(ids(requests, requesterID)...)).
		Select(member.FieldID, member.FieldUserID).All(rule.Unscoped(ctx))
	if err != nil {
		return nil, err
	}
	people := make(map[string]string, len(rows))
	for _, m := range rows {
		people[m.ID] = m.UserID
	}
	may := make([]bool, len(requests))
	for i, q := range requests {
		if may[i], err = mandate.MayDecide(ctx, rule.From(ctx), q, people[q.MemberID], clock.Now(ctx)); err != nil {
			return nil, err
		}
	}
	return may, nil
}

func requesterID(q *ent.AccessRequest) string { return q.MemberID }
