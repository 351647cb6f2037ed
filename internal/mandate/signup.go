package mandate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/accessrequest"
	"mandate/ent/member"
	"mandate/ent/onetimetoken"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/internal/mail"
	"mandate/internal/viewer"
)

// The bounds of signing up.
const (
	signUpAnswer    = 150 * time.Millisecond // what it takes, whatever the code and the address are
	signUpLife      = 24 * time.Hour         // of the link that proves the address
	requestLife     = 30 * 24 * time.Hour    // within which a request is decided about
	mostRequests    = 1000                   // that wait in one tenant
	mostSignUpMails = 5                      // with a link to one address from one tenant, within mailWindow
)

// The kinds of mails that whoever signs up brings about.
const (
	kindSignUp   = "signup.verify"   // the link that proves the address
	kindSignedUp = "signup.member"   // that the person is a member already
	kindWaiting  = "request.waiting" // to the tenant's administrators
)

// applicant is somebody who signs up, cleaned.
type applicant struct {
	contact
	handle, label, phone string
}

// newApplicant cleans what somebody says of themselves, and tells all that is wrong with it at once.
func newApplicant(cmd SignUp) (applicant, Errors) {
	var a applicant
	var faults Errors
	a.contact, faults = newContact(cmd.FirstName, cmd.LastName, cmd.Email, [3]string{"firstName", "lastName", "email"})
	var wrongPhone *Error
	a.phone, wrongPhone = phone(cmd.Phone)
	handle, wrongHandle := optionalLine(cmd.UserID, mostHandle, "userId")
	label, wrongLabel := optionalLine(cmd.Label, mostLabel, "label")
	faults = append(faults, those(wrongPhone, wrongHandle, wrongLabel)...)
	if a.handle = orZero(handle); handle == nil {
		a.handle, _, _ = strings.Cut(a.canonical, "@")
	}
	if a.label = orZero(label); label == nil {
		a.label = a.contact.label()
	}
	return a, faults
}

// SignUp makes whoever reads the mails of an address a member to be of the tenant with a code, and mails the link by
// which the address is proven. Members get a note, and those who wait for it the link once more.
//
// What is wrong with the input is told, whatever the code is: INVALID, REQUIRED, TOO_LONG, PHONE_COUNTRY_CODE_REQUIRED.
// Otherwise it answers alike, and takes alike, whatever the code and the address are. From one network people sign up
// twenty times an hour, more are a *Throttled.
func (s *Service) SignUp(ctx context.Context, cmd SignUp) error {
	a, faults := newApplicant(cmd)
	if len(faults) > 0 {
		return faults
	}
	if err := s.try(ctx, signingUp(viewer.Network(viewer.From(ctx).Address))); err != nil {
		return err
	}
	defer alike(ctx, signUpAnswer)()
	return s.keyless(ctx, func(ctx context.Context, t *tx) error {
		// Nobody in particular does it, though somebody be signed in: what their own trail showed would be an answer.
		t.viewer = viewer.Viewer{RequestID: t.viewer.RequestID, Address: t.viewer.Address, UserAgent: t.viewer.UserAgent}
		tn, err := t.open(ctx, cmd.TenantCode)
		if err != nil || tn == nil {
			return err
		}
		if err := t.expireRequests(ctx, tn.ID); err != nil {
			return err
		}
		u, m, err := t.findMember(ctx, tn, a)
		switch {
		case err != nil:
			return err
		case m != nil:
			return t.signUpAgain(ctx, tn, u, m)
		}
		return t.signUp(ctx, tn, a)
	})
}

// alike begins to count the time that an answer takes, and returns what waits until it is over.
func alike(ctx context.Context, d time.Duration) (wait func()) {
	over := time.After(d)
	return func() {
		select {
		case <-over:
		case <-ctx.Done():
		}
	}
}

// open finds and locks the tenant that people enter by a code; nil for none.
func (t *tx) open(ctx context.Context, code string) (*ent.Tenant, error) {
	open := t.Tenant.Query().Where(tenant.SignUpCode(strings.ToUpper(strings.TrimSpace(code))), tenant.StatusEQ(tenant.StatusActive),
		tenant.SignUpPolicyNEQ(tenant.SignUpPolicyClosed))
	tn, err := open.Clone().Only(ctx)
	if err == nil {
		if err := t.lock(ctx, tn.ID); err != nil {
			return nil, err
		}
		tn, err = open.Where(tenant.ID(tn.ID)).Only(ctx)
	}
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the tenant to sign up in: %w", err)
	}
	return tn, nil
}

// findMember finds the account with an address, and its membership in a tenant; nil for what there is not.
func (t *tx) findMember(ctx context.Context, tn *ent.Tenant, a applicant) (*ent.User, *ent.Member, error) {
	u, err := t.User.Query().Where(user.EmailCanonical(a.canonical)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look an account up: %w", err)
	}
	m, err := t.Member.Query().Where(member.TenantID(tn.ID), member.PresentUserID(u.ID)).Only(ctx)
	if ent.IsNotFound(err) {
		return u, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look for a member: %w", err)
	}
	return u, m, nil
}

// signUp makes somebody a member to be, with a request that waits, unless too many wait already.
func (t *tx) signUp(ctx context.Context, tn *ent.Tenant, a applicant) error {
	waiting, err := t.AccessRequest.Query().Where(accessrequest.TenantID(tn.ID), accessrequest.StatusEQ(accessrequest.StatusPending),
		accessrequest.Or(accessrequest.EmailValidated(true), accessrequest.CreatedAtGT(t.now.Add(-signUpLife)))).Count(ctx) // whose link is dead takes nobody's place
	if err != nil || waiting >= mostRequests {
		return err
	}
	handle, err := t.freeHandle(ctx, tn, a.handle)
	if err != nil {
		return err
	}
	u, err := t.user(ctx, a.contact)
	if err != nil {
		return err
	}
	m, err := t.newMember(tn, u, a.contact, handle).SetLabel(a.label).SetPhone(a.phone).SetStatus(member.StatusPendingEmailValidation).Save(ctx)
	if err != nil {
		return fmt.Errorf("make a member to be: %w", err)
	}
	if err := t.AccessRequest.Create().SetTenantID(tn.ID).SetMemberID(m.ID).SetExpiresAt(t.now.Add(requestLife)).Exec(ctx); err != nil {
		return fmt.Errorf("make an access request: %w", err)
	}
	if _, err := t.mailSignUp(ctx, tn, u, m); err != nil {
		return err
	}
	e := event{action: "member.signed_up", tenant: tn.ID, changes: change("status", "", string(m.Status))}
	return t.record(ctx, e.about([]*ent.Member{m}))
}

// signUpAgain tells a member so, and mails somebody who has yet to prove the address the link once more. Whoever has
// proven it waits for a decision, and knows.
func (t *tx) signUpAgain(ctx context.Context, tn *ent.Tenant, u *ent.User, m *ent.Member) error {
	var sent bool
	var err error
	switch m.Status {
	case member.StatusPendingEmailValidation:
		sent, err = t.mailSignUp(ctx, tn, u, m)
	case member.StatusActive, member.StatusSuspended:
		sent, err = t.mailMember(ctx, tn, u)
	}
	if err != nil || !sent {
		return err
	}
	return t.record(ctx, event{action: "member.signed_up_again", tenant: tn.ID}.about([]*ent.Member{m}))
}

// mailSignUp mails the link that proves an address, unless it had more of them than anybody should get.
func (t *tx) mailSignUp(ctx context.Context, tn *ent.Tenant, u *ent.User, m *ent.Member) (sent bool, err error) {
	if err := t.lockPerson(ctx, u.ID); err != nil { // other tenants mail links too
		return false, err
	}
	all, err := t.mailed(ctx, u.EmailCanonical, kindSignUp)
	if err != nil || all >= mostMails[kindSignUp] {
		return false, err
	}
	own, err := t.OneTimeToken.Query().Where(onetimetoken.UserID(u.ID), onetimetoken.PurposeEQ(onetimetoken.PurposeSignUp),
		onetimetoken.TenantID(tn.ID), onetimetoken.CreatedAtGT(t.now.Add(-mailWindow))).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("count links: %w", err)
	}
	if own >= mostSignUpMails {
		return false, nil
	}
	token, err := t.issue(ctx, ticket{to: u, purpose: onetimetoken.PurposeSignUp, life: signUpLife, tenantID: tn.ID, memberID: m.ID})
	if err != nil {
		return false, err
	}
	return true, t.send(ctx, mailing{kind: kindSignUp, to: u, secret: true, letter: mail.SignUp{
		Tenant: tn.Name, ValidFor: signUpLife, ExpiresAt: t.now.Add(signUpLife), Link: t.s.link("verify", "token", token),
	}})
}

// mailMember mails somebody who signs up that they are a member already.
func (t *tx) mailMember(ctx context.Context, tn *ent.Tenant, u *ent.User) (sent bool, err error) {
	n, err := t.mailed(ctx, u.EmailCanonical, kindSignedUp)
	if err != nil || n >= mostMails[kindSignedUp] {
		return false, err
	}
	return true, t.send(ctx, mailing{kind: kindSignedUp, to: u, letter: mail.SignedUp{Tenant: tn.Name}})
}
