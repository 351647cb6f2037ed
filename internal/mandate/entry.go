package mandate

import (
	"context"
	"fmt"

	"mandate/ent/groupmember"
	"mandate/ent/member"
	"mandate/ent/predicate"
	"mandate/ent/session"
)

// endUnreached ends those entered sessions whose person no path leads to the tenant any more: what takes a path away calls it
// when that is written. Giving the path back later revives none. It takes several predicates for what one statement cannot name.
func (t *tx) endUnreached(ctx context.Context, which ...predicate.Session) error {
	for _, part := range which {
		if err := t.endUnreachedOf(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) endUnreachedOf(ctx context.Context, which predicate.Session) error {
	open, err := t.Session.Query().Where(which, session.EnteredTenantIDNotNil(), session.EndedAtIsNil(), session.ExpiresAtGT(t.now)).All(ctx)
	if err != nil {
		return fmt.Errorf("read entered sessions: %w", err)
	}
	var people, tenants, over []string
	for _, row := range open {
		people, tenants = append(people, row.UserID), append(tenants, *row.EnteredTenantID)
	}
	reached, err := t.access.People(ctx, distinct(tenants), distinct(people))
	if err != nil {
		return fmt.Errorf("find out what people reach still: %w", err)
	}
	for _, row := range open {
		if reached[row.UserID][*row.EnteredTenantID] == nil {
			over = append(over, row.ID)
		}
	}
	for _, part := range split(over) {
		if err := t.Session.Update().Where(session.IDIn(part...)).SetEndedAt(t.now).Exec(ctx); err != nil {
			return fmt.Errorf("end entered sessions: %w", err)
		}
	}
	return nil
}

// enteredBy matches, in parts, sessions of a privilege group's people, as they are now: however many they are.
func (t *tx) enteredBy(ctx context.Context, groupID string) (parts []predicate.Session, err error) {
	people, err := t.GroupMember.Query().Where(groupmember.GroupID(groupID)).QueryMember().Select(member.FieldUserID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the group's people: %w", err)
	}
	for _, part := range split(people) {
		parts = append(parts, session.UserIDIn(part...))
	}
	return parts, nil
}
