package mandate

import (
	"context"
	"fmt"
	"strings"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/onetimetoken"
	"mandate/ent/user"
	"mandate/internal/database"
	"mandate/internal/mail"
)

// contact is a person as a command names them.
type contact struct {
	first, last      string
	email, canonical string
}

func (c contact) name() string { return c.first + " " + c.last }

// label is how the person is shown in lists unless somebody says otherwise: the name, cut to what a label holds.
func (c contact) label() string {
	name := []rune(c.name())
	return string(name[:min(len(name), mostLabel)])
}

// How many characters a name has at most, a person's first or last, a feature's, a role's or a group's; and a label.
const (
	mostName  = 100
	mostLabel = 200
)

// newContact cleans a person's name and address.
func newContact(first, last, address string, fields [3]string) (contact, Errors) {
	var c contact
	var faults [3]*Error
	c.first, faults[0] = oneLine(first, mostName, fields[0])
	c.last, faults[1] = oneLine(last, mostName, fields[1])
	c.email, c.canonical, faults[2] = email(address, fields[2])
	return c, those(faults[:]...)
}

// user finds the account with the address, or makes one without a password.
func (t *tx) user(ctx context.Context, c contact) (*ent.User, error) {
	u, err := t.User.Query().Where(user.EmailCanonical(c.canonical)).Only(ctx)
	if ent.IsNotFound(err) {
		u, err = t.User.Create().SetEmail(c.email).SetEmailCanonical(c.canonical).Save(ctx)
		if database.IsDuplicate(err) {
			return nil, errAgain // somebody else made it meanwhile
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find or make an account: %w", err)
	}
	return u, nil
}

// newMember begins a membership. The keys that hold its person and its User ID are emptied when it ends.
func (t *tx) newMember(tn *ent.Tenant, u *ent.User, c contact, handle string) *ent.MemberCreate {
	return t.Member.Create().SetTenantID(tn.ID).SetUserID(u.ID).SetPresentUserID(u.ID).SetFirstName(c.first).SetLastName(c.last).
		SetSortName(SortName(c.name())).SetHandle(handle).SetPresentHandle(SortName(handle))
}

// administrator makes a person administrator of a tenant that was just created.
func (t *tx) administrator(ctx context.Context, tn *ent.Tenant, u *ent.User, c contact) (*ent.Member, error) {
	handle, _, _ := strings.Cut(c.canonical, "@")
	m, err := t.newMember(tn, u, c, handle).SetLabel(c.label()).SetAdministrator(true).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the first administrator: %w", err)
	}
	return m, nil
}

// welcome tells a new member: by a link to set a password if the person has none, else by a plain note.
func (t *tx) welcome(ctx context.Context, tn *ent.Tenant, u *ent.User, inviter string) error {
	if u.PasswordHash != nil {
		return t.send(ctx, mailing{kind: "member.added", to: u, letter: mail.AddedToTenant{Tenant: tn.Name, Inviter: inviter}})
	}
	token, err := t.issue(ctx, ticket{to: u, purpose: onetimetoken.PurposeWelcome, life: welcomeLife, tenantID: tn.ID})
	if err != nil {
		return err
	}
	return t.send(ctx, mailing{kind: kindWelcome, to: u, secret: true, letter: mail.Welcome{
		Tenant: tn.Name, Inviter: inviter, ValidFor: welcomeLife, ExpiresAt: t.now.Add(welcomeLife), Link: t.s.link("password", "token", token),
	}})
}

func (t *tx) oldestMembership(ctx context.Context, u *ent.User) (*ent.Member, error) {
	m, err := t.Member.Query().Where(member.UserID(u.ID), member.StatusEQ(member.StatusActive)).Order(member.ByID()).First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find a membership: %w", err)
	}
	return m, nil
}

// NameOf is how a member is called.
func NameOf(m *ent.Member) string { return m.Name() }

func fullName(first, last string) string { return first + " " + last }

// actorName is the viewer's name where the viewer acts from.
func (t *tx) actorName(ctx context.Context, tenantID string) (string, error) {
	as, err := t.actor(ctx, event{tenant: tenantID})
	if err != nil || as == nil {
		return t.s.brandName(), err
	}
	return as.name, nil
}

func (s *Service) brandName() string {
	if s.Brand.Name == "" {
		return "Mandate"
	}
	return s.Brand.Name
}
