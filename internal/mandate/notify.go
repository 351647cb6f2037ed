package mandate

import (
	"context"
	"fmt"
	"net/url"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/outboxmessage"
	"mandate/internal/mail"
)

// mailing is a mail that a transaction promises.
type mailing struct {
	kind         string
	to           *ent.User // or address and canonical
	address      string
	canonical    string
	letter       mail.Template
	secret       bool
	partnerID    string
	invitationID string
}

// send leaves a mail in the outbox: it goes out after the commit, or never.
func (t *tx) send(ctx context.Context, m mailing) error {
	if m.to != nil {
		m.address, m.canonical = m.to.Email, m.to.EmailCanonical
	}
	if most, capped := mostMails[m.kind]; capped {
		if sent, err := t.mailed(ctx, m.canonical, m.kind); err != nil || sent >= most {
			return err
		}
	}
	l, err := m.letter.Letter(t.s.Brand)
	if err != nil {
		return fmt.Errorf("write the mail %s: %w", m.kind, err)
	}
	t.mails++
	err = t.OutboxMessage.Create().SetKind(m.kind).SetRecipient(m.address).SetRecipientCanonical(m.canonical).
		SetSubject(l.Subject).SetText(l.Text).SetHTML(l.HTML).SetSecret(m.secret).SetNextAttemptAt(t.now).
		SetNillablePartnerID(some(m.partnerID)).SetNillableInvitationID(some(m.invitationID)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("leave the mail %s in the outbox: %w", m.kind, err)
	}
	return nil
}

// mostMails is how many mails of a kind go to one address within mailWindow, for kinds that somebody else
// brings about: more are not written.
var mostMails = map[string]int{kindWelcome: 20, "member.added": 20, "invitation.received": 20, "relationship.offer": 20,
	kindAddress: 2 * mostChanges, kindTaken: 2 * mostChanges, kindRevoked: 20, kindSignUp: 20, kindSignedUp: 5, kindWaiting: 20,
	kindSuspended: 20, kindReactivated: 20}

// mailed counts the mails of a kind that went to an address within mailWindow.
func (t *tx) mailed(ctx context.Context, canonical, kind string) (int, error) {
	n, err := t.OutboxMessage.Query().Where(outboxmessage.RecipientCanonical(canonical), outboxmessage.Kind(kind),
		outboxmessage.CreatedAtGT(t.now.Add(-mailWindow))).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count mails: %w", err)
	}
	return n, nil
}

// mostNotified is how many administrators of a tenant a notice goes to.
const mostNotified = 10

// notifyAdministrators sends a letter to the administrators of a tenant.
func (t *tx) notifyAdministrators(ctx context.Context, tenantID, kind string, l mail.Template) error {
	people, err := t.administrators(ctx, tenantID)
	if err != nil {
		return err
	}
	for _, u := range people {
		if err := t.send(ctx, mailing{kind: kind, to: u, letter: l}); err != nil {
			return err
		}
	}
	return nil
}

// administrators reads the administrators of a tenant to whom a notice goes.
func (t *tx) administrators(ctx context.Context, tenantID string) ([]*ent.User, error) {
	rows, err := t.Member.Query().
		Where(member.TenantID(tenantID), administrates(), member.StatusEQ(member.StatusActive)).
		Order(member.ByID()).Limit(mostNotified).WithUser().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("find administrators to write to: %w", err)
	}
	people := make([]*ent.User, len(rows))
	for i, m := range rows {
		people[i] = m.Edges.User
	}
	return people, nil
}

// link builds a link for a mail from the public URL, and from nothing that a request says.
func (s *Service) link(path string, query ...string) string {
	u := s.PublicURL.JoinPath(path)
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	u.RawQuery = values.Encode()
	return u.String()
}
