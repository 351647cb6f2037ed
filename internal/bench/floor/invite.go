package floor

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/mail"
)

// The product's bounds of invitations.
const (
	validHours       = 7 * 24
	mailWindow       = 24 * time.Hour
	declineMutes     = 30 * 24 * time.Hour
	mostMailsPartner = 5
	mostMailsAll     = 20
)

// plainAddress matches addresses of which nothing has to be folded but capitals.
var plainAddress = regexp.MustCompile(`^[a-zA-Z0-9_+-]+(\.[a-zA-Z0-9_+-]+)*@([a-zA-Z0-9]+\.)+[a-zA-Z]{2,}$`)

var partnerTypes = map[string]string{"MSP": "managed service provider", "RESELLER": "reseller", "SUPPORT": "support partner"}

// sender is who invites, as it is found under lock.
type sender struct {
	partner                         string // tenant
	name, kind, code                string
	first, last                     string
	pending, mails, mailed, refused int // invitations that are pending, mails of all and of the partner, and refusals of late
}

// inviteCustomer invites a customer by mail, on behalf of the one partner that the viewer is an administrator of.
func (r *request) inviteCustomer(ctx context.Context, b *body) error {
	var in struct {
		Email   string
		RoleKey access.RoleKey
	}
	strict := json.NewDecoder(strings.NewReader(string(b.Variables.Input)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&in); err != nil || len(in.Email) > 100 || !plainAddress.MatchString(in.Email) {
		return errNotMeasured
	}
	role, known := access.SystemRoleByKey(cmp.Or(in.RoleKey, access.Administrator))
	address := strings.ToLower(in.Email)
	var home *home
	for _, h := range r.viewer.homes {
		if h.kind != partnerKind || home != nil {
			return errNotMeasured
		}
		home = h
	}
	if !known || home == nil || !home.administrator || address == r.viewer.email {
		return errNotMeasured
	}
	id := newID("inv")
	err := r.transact(ctx, func(c *conn) error {
		s, err := r.sender(ctx, c, home, address)
		if err != nil {
			return err
		}
		expires := r.now.Add(validHours * time.Hour)
		token, hash := auth.NewToken()
		if err := c.exec(ctx, `INSERT INTO invitations (id, version, created_at, updated_at, partner_name, partner_type, partner_code, direction, channel, status,
email, email_canonical, expires_at, valid_hours, send_count, last_sent_at, undeliverable, sender_id, token_hash, pending_email_key, partner_id, role_id)
VALUES (?,1,?,?,?,?,?,'PARTNER_TO_CUSTOMER','EMAIL','PENDING',?,?,?,?,1,?,0,?,?,?,?,?)`,
			id, r.now, r.now, s.name, s.kind, s.code, address, address, expires, validHours, r.now, home.memberID, hash,
			home.tenantID+":"+address, home.tenantID, role.ID); err != nil {
			return err
		}
		if s.mails < mostMailsAll && s.mailed < mostMailsPartner && s.refused == 0 {
			if err := r.mail(ctx, c, s, id, address, role.Name, expires, token); err != nil {
				return err
			}
		}
		return r.record(ctx, c, "invitation.sent", home, s.first+" "+s.last, s.name, id, address, access.Change{Field: "role", After: &role.Name})
	})
	if err != nil {
		return err
	}
	r.raw(`{"data":{"inviteCustomer":{"invitation":{"id":`)
	r.string(id)
	r.raw(`,"status":"PENDING","email":`)
	r.string(address)
	r.raw(`,"expiresAt":`)
	r.time(r.now.Add(validHours * time.Hour))
	r.raw(`,"role":{"name":`)
	r.string(role.Name)
	r.end(`}},"userErrors":[]}}`, 13)
	return nil
}

// sender locks the partner's tenant, and looks again at everything that the invitation rests on.
func (r *request) sender(ctx context.Context, c *conn, h *home, address string) (*sender, error) {
	s := &sender{}
	since := r.now.Add(-mailWindow)
	args := []any{h.tenantID + ":" + address, address, since, address, since, h.tenantID, address, h.tenantID, r.now.Add(-declineMutes),
		r.viewer.sessionID, h.memberID, h.tenantID}
	err := c.query(ctx, r.floor.sql.findSender, args, func(rows *sql.Rows) error {
		s.partner = h.tenantID
		return rows.Scan(&s.name, &s.kind, &s.code, &s.first, &s.last, &s.pending, &s.mails, &s.mailed, &s.refused)
	})
	if err == nil && (s.partner == "" || s.pending > 0) {
		err = errNotMeasured
	}
	return s, err
}

// findSender begins with the tenant, whose lock keeps all else of it as it is.
const findSender = `SELECT %s t.name, x.type, x.code, m.first_name, m.last_name,
(SELECT COUNT(*) FROM invitations i WHERE i.pending_email_key=?),
(SELECT COUNT(*) FROM outbox_messages o WHERE o.recipient_canonical=? AND o.kind='invitation' AND o.created_at>?),
(SELECT COUNT(*) FROM outbox_messages o WHERE o.recipient_canonical=? AND o.kind='invitation' AND o.created_at>? AND o.partner_id=?),
(SELECT COUNT(*) FROM invitations i WHERE i.email_canonical=? AND i.partner_id=? AND i.status='DECLINED' AND i.updated_at>?)
FROM tenants t JOIN partners x ON x.tenant_id=t.id JOIN sessions s ON s.id=? AND s.ended_at IS NULL
JOIN members m ON m.id=? AND m.tenant_id=t.id AND m.user_id=s.user_id AND m.status='ACTIVE' AND m.administrator=1
WHERE t.id=? AND t.status='ACTIVE' AND x.recognized=1 AND x.type NOT IN ('INTEGRATOR','INSTALLER')`

func (r *request) mail(ctx context.Context, c *conn, s *sender, invitationID, address, role string, expires time.Time, token string) error {
	link := r.floor.PublicURL.JoinPath("invitation")
	link.RawQuery = url.Values{"token": {token}}.Encode()
	l, err := mail.InvitationToCustomer{Partner: s.name, PartnerType: partnerTypes[s.kind], Role: role, ExpiresAt: expires, Link: link.String()}.Letter(mail.Brand{})
	if err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	return c.exec(ctx, `INSERT INTO outbox_messages (id, created_at, updated_at, kind, recipient, recipient_canonical, partner_id, invitation_id, subject, text, html,
secret, status, attempts, next_attempt_at) VALUES (?,?,?,'invitation',?,?,?,?,?,?,?,1,'PENDING',0,?)`,
		newID("out"), r.now, r.now, address, address, s.partner, invitationID, l.Subject, l.Text, l.HTML, r.now)
}
