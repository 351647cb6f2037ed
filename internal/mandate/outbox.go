package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mandate/ent"
	"mandate/ent/outboxmessage"
)

// RetryOutboxMessages has mails tried again that were given up, all or none: at once, and for 24 hours anew. For
// administrators of the operator.
//
// Errors name the row. NOT_FOUND, CONFLICT for a mail that was not given up, whose text is gone, or that is named twice;
// LIMIT_EXCEEDED.
func (s *Service) RetryOutboxMessages(ctx context.Context, cmd RetryOutboxMessages) (retried []*ent.OutboxMessage, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "mails", "ids"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		operatorID, err := t.lockInstallation(ctx)
		if err != nil {
			return err
		}
		if retried, err = t.givenUp(ctx, cmd.IDs, true); err != nil {
			return err
		}
		n, err := t.OutboxMessage.Update().Where(outboxmessage.IDIn(cmd.IDs...), outboxmessage.StatusEQ(outboxmessage.StatusDead)).
			SetStatus(outboxmessage.StatusPending).SetAttempts(0).SetRetriedAt(t.now).SetNextAttemptAt(t.now).Save(ctx)
		if err != nil {
			return fmt.Errorf("retry mails: %w", err)
		}
		if n != len(cmd.IDs) {
			return errAgain
		}
		t.mails += n
		e := event{action: "outbox.retried", tenant: operatorID}
		for _, m := range retried {
			e.changes = append(e.changes, change(m.ID, string(m.Status), string(outboxmessage.StatusPending))...)
		}
		return t.record(ctx, e)
	}, &retried)
	return retried, err
}

// DropOutboxMessages removes mails for good that were given up, all or none. For administrators of the operator.
//
// Errors name the row. NOT_FOUND, CONFLICT for a mail that was not given up, or that is named twice; LIMIT_EXCEEDED.
func (s *Service) DropOutboxMessages(ctx context.Context, cmd DropOutboxMessages) (dropped []string, err error) {
	if fault := oneTo(len(cmd.IDs), mostAtOnce, "mails", "ids"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		operatorID, err := t.lockInstallation(ctx)
		if err != nil {
			return err
		}
		rows, err := t.givenUp(ctx, cmd.IDs, false)
		if err != nil {
			return err
		}
		n, err := t.OutboxMessage.Delete().Where(outboxmessage.IDIn(cmd.IDs...), outboxmessage.StatusEQ(outboxmessage.StatusDead)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("drop mails: %w", err)
		}
		if n != len(cmd.IDs) {
			return errAgain
		}
		dropped = cmd.IDs
		e := event{action: "outbox.dropped", tenant: operatorID}
		for _, m := range rows {
			e.changes = append(e.changes, change(m.ID, m.Kind+" to "+Masked(m.Recipient), "")...)
		}
		return t.record(ctx, e)
	}, &dropped)
	return dropped, err
}

// givenUp reads mails that were given up, each at the position of its id; to be retried they need their text.
func (t *tx) givenUp(ctx context.Context, ids []string, retry bool) ([]*ent.OutboxMessage, error) {
	found, err := t.OutboxMessage.Query().Where(outboxmessage.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	byID := keyed(found, func(m *ent.OutboxMessage) string { return m.ID })
	list := make([]*ent.OutboxMessage, len(ids))
	var faults Errors
	for i, id := range ids {
		at, m := []string{"ids", strconv.Itoa(i)}, byID[id]
		switch {
		case m == nil:
			faults = append(faults, notFound(at...))
		case slices.Contains(ids[:i], id):
			faults = append(faults, broken(Conflict, "The mail is named twice.", at...))
		case m.Status != outboxmessage.StatusDead:
			faults = append(faults, broken(Conflict, "The mail was not given up.", at...))
		case retry && !Retryable(m):
			faults = append(faults, broken(Conflict, "The text of the mail is gone.", at...))
		}
		list[i] = m
	}
	if faults != nil {
		return nil, faults
	}
	return list, nil
}

// Retryable reports whether a mail was given up and can be tried again: its text is there.
func Retryable(m *ent.OutboxMessage) bool {
	return m.Status == outboxmessage.StatusDead && m.Text != ""
}

// Masked shows the first letter and the domain of an address.
func Masked(address string) string {
	name, domain := address, ""
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		name, domain = address[:at], address[at:]
	}
	for _, first := range name {
		return string(first) + "…" + domain
	}
	return "…" + domain
}
