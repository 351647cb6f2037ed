package mandate

import (
	"context"
	"fmt"
	"slices"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/rule"
	"mandate/ent/session"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/internal/auth"
	"mandate/internal/viewer"
)

// SignedIn is a session that was just begun, with its token, which is shown once.
type SignedIn struct {
	Token   string `shown:"once"`
	Session *ent.Session
}

// SignIn begins a session for whoever knows the password of an address, and seats the person as the viewer.
//
// It takes one active membership in an active tenant. An unknown address, a wrong password and a person without such a
// membership are CREDENTIALS_INVALID alike, and take alike; tries that come too soon are a *Throttled alike.
func (s *Service) SignIn(ctx context.Context, cmd SignIn) (*SignedIn, error) {
	_, canonical, _ := email(cmd.Email) // "" for what is no address; nobody has it
	u, err := s.Client.User.Query().Where(user.EmailCanonical(canonical)).Only(rule.Unscoped(ctx))
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	var hash string
	if u != nil {
		hash = orZero(u.PasswordHash)
	}
	ok, err := s.verify(ctx, canonical, hash, cmd.Password)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errSignIn
	}
	var in *SignedIn
	var person *ent.User
	err = s.keyless(ctx, func(ctx context.Context, t *tx) (err error) {
		if in, person, err = t.signIn(ctx, u.ID, hash); err != nil {
			return err
		}
		return t.forgive(ctx, canonical)
	})
	if err != nil {
		return nil, err
	}
	s.seat(ctx, person, in.Session)
	return in, nil
}

// errSignIn answers every sign-in that fails, whatever the cause.
var errSignIn = broken(CredentialsInvalid, "The address or the password is wrong.")

// signIn begins a session of a person whose password was right while it had this hash.
func (t *tx) signIn(ctx context.Context, userID, hash string) (*SignedIn, *ent.User, error) {
	if err := t.holdPerson(ctx, userID); err != nil {
		return nil, nil, err
	}
	u, err := t.User.Get(ctx, userID)
	if err != nil {
		return nil, nil, err
	}
	if orZero(u.PasswordHash) != hash { // it was changed while it was compared
		return nil, nil, errSignIn
	}
	home, err := t.arrive(ctx, userID)
	if err != nil {
		return nil, nil, err
	}
	in, err := t.begin(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	return in, u, t.record(ctx, event{action: "session.started", target: in.Session.ID, actor: home})
}

// arrive notes in a person's memberships that they sign in, and returns one that lets them.
func (t *tx) arrive(ctx context.Context, userID string) (*ent.Member, error) {
	active := member.And(member.UserID(userID), member.StatusEQ(member.StatusActive))
	homes, err := t.Member.Query().Where(active, member.HasTenantWith(tenant.StatusEQ(tenant.StatusActive))).Order(member.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	if len(homes) == 0 {
		return nil, errSignIn
	}
	n, err := t.Member.Update().Where(active).SetLastSignedInAt(t.now).Save(ctx)
	if err != nil {
		return nil, err
	}
	if n == 0 { // the last one ended a moment ago
		return nil, errSignIn
	}
	return homes[0], nil
}

// begin makes a session of the person's own.
func (t *tx) begin(ctx context.Context, u *ent.User) (*SignedIn, error) {
	token, hash := auth.NewToken()
	row, err := t.Session.Create().SetUserID(u.ID).SetTokenHash(hash).
		SetStartedAt(t.now).SetAuthenticatedAt(t.now).SetLastSeenAt(t.now).SetExpiresAt(t.now.Add(auth.SessionLife)).
		SetNillableAddress(some(t.viewer.Address)).SetNillableUserAgent(some(t.viewer.UserAgent)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin a session: %w", err)
	}
	return &SignedIn{token, row}, nil
}

// seat makes the session's person the viewer for the rest of the answer.
func (s *Service) seat(ctx context.Context, u *ent.User, row *ent.Session) {
	v := viewer.From(ctx)
	v.UserID, v.Email, v.SessionID, v.Token = u.ID, u.EmailCanonical, row.ID, nil
	v.AuthenticatedAt, v.EnteredTenantID = row.AuthenticatedAt, orZero(row.EnteredTenantID)
	viewer.Become(ctx, v)
}

// SignOut ends the session that asks, and what was entered from it. An API token is none.
func (s *Service) SignOut(ctx context.Context) error {
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		if !t.viewer.SignedIn() {
			return ErrUnauthenticated
		}
		if t.viewer.Token != nil {
			return ErrForbidden
		}
		id := t.viewer.SessionID
		err := t.Session.Update().Where(session.Or(session.ID(id), session.ParentID(id)), session.EndedAtIsNil()).SetEndedAt(t.now).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end the session: %w", err)
		}
		return t.record(ctx, event{action: "session.ended", target: id, tenant: t.viewer.EnteredTenantID})
	})
}

// EnterTenant begins a session that reaches one tenant of another organisation, under the person's own name, and no
// longer than the path that leads there.
//
// NOT_FOUND for a tenant that is not reached from outside. Never from a session that entered a tenant already.
func (s *Service) EnterTenant(ctx context.Context, cmd EnterTenant) (*SignedIn, error) {
	var in *SignedIn
	var u *ent.User
	err := s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.person(); err != nil {
			return err
		}
		reason, fault := paragraph(cmd.Reason, 500, "reason")
		if fault != nil {
			return fault
		}
		grounds, err := t.access.Grounds(ctx)
		if err != nil {
			return err
		}
		if err := t.hold(ctx, append(grounds, cmd.TenantID)...); err != nil {
			return err
		}
		if u, err = t.User.Get(ctx, t.viewer.UserID); err != nil {
			return err
		}
		in, err = t.enter(ctx, cmd.TenantID, reason)
		return err
	}, &in)
	if err != nil || replayed(ctx) {
		return in, err
	}
	s.seat(ctx, u, in.Session)
	return in, nil
}

// enter begins the session by the best of the paths that lead to the tenant from outside.
func (t *tx) enter(ctx context.Context, tenantID string, reason *string) (*SignedIn, error) {
	reach, err := t.reach(ctx, tenantID, []string{"tenantId"})
	if err != nil {
		return nil, err
	}
	outside := *reach
	outside.Paths = slices.DeleteFunc(slices.Clone(reach.Paths), func(p rule.Path) bool { return p.Via == rule.Own })
	if len(outside.Paths) == 0 {
		return nil, notFound("tenantId")
	}
	by := best(&outside)
	in, err := t.beginIn(ctx, tenantID, by, outside.Paths)
	if err != nil {
		return nil, err
	}
	actor, err := t.Member.Get(ctx, by.Home.ID)
	if err != nil {
		return nil, err
	}
	tn, err := t.tenant(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	return in, t.record(ctx, event{action: "tenant.entered", tenant: tn.ID, relationship: by.RelationshipID,
		target: tn.ID, targetName: tn.Name, reason: reason, actor: actor})
}

// beginIn makes a session that reaches one tenant, no longer than the paths that lead there.
func (t *tx) beginIn(ctx context.Context, tenantID string, by rule.Path, paths []rule.Path) (*SignedIn, error) {
	end := t.now.Add(auth.EntryLife)
	if last := rule.LastEnd(paths); last != nil && last.Before(end) {
		end = *last
	}
	token, hash := auth.NewToken()
	row, err := t.Session.Create().SetUserID(t.viewer.UserID).SetTokenHash(hash).
		SetStartedAt(t.now).SetAuthenticatedAt(t.viewer.AuthenticatedAt).SetLastSeenAt(t.now).SetExpiresAt(end).
		SetEnteredTenantID(tenantID).SetHomeTenantID(by.Home.TenantID).SetParentID(t.viewer.SessionID).SetNillableRelationshipID(some(by.RelationshipID)).
		SetNillableAddress(some(t.viewer.Address)).SetNillableUserAgent(some(t.viewer.UserAgent)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("enter a tenant: %w", err)
	}
	return &SignedIn{token, row}, nil
}
