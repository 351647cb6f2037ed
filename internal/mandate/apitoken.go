package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"mandate/ent"
	"mandate/ent/apitoken"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/mail"
)

// The bounds of API tokens.
const (
	defaultTokenDays = 90
	mostTokenDays    = 365
	mostTokens       = 50 // of one person that work
)

// NewAPIToken is an API token that was just made, with its secret, which is shown once.
type NewAPIToken struct {
	Secret string `shown:"once"`
	Token  *ent.ApiToken
}

// CreateAPIToken makes an API token that rests on a membership of the viewer's own, in which they hold TOKENS MANAGE, and
// mails them a notice. Its scopes may be more than the person has: they are the most that it lets through, at every use.
// In a session of one's own, shortly after the password was entered.
//
// REAUTHENTICATION_REQUIRED; NOT_FOUND for a tenant that the membership does not lead to; LIMIT_EXCEEDED for more than
// 100 tenants, and for more than 50 tokens that work; REQUIRED, INVALID, TOO_LONG, SSO_LEVEL_REQUIRED.
func (s *Service) CreateAPIToken(ctx context.Context, cmd CreateAPIToken) (made *NewAPIToken, err error) {
	name, days, faults := termsOf(cmd)
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.holdCatalogue(ctx, cmd.Scopes...); err != nil {
			return err
		}
		home, err := t.tokenHome(ctx, cmd)
		if err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		scopes, err := t.permissions(ctx, cmd.Scopes, "scopes")
		if err != nil {
			return err
		}
		if len(scopes) == 0 {
			return broken(Required, "A token without any level can do nothing: name one.", "scopes")
		}
		if err := t.leadsTo(ctx, home, cmd.TenantIDs); err != nil {
			return err
		}
		there, err := t.tokensOf(ctx, t.viewer.UserID)
		if err != nil {
			return err
		}
		if there >= mostTokens {
			return broken(LimitExceeded, fmt.Sprintf("You have %d API tokens: revoke one that is not needed any more.", there))
		}
		secret, prefix, hash := auth.NewAPIToken()
		row, err := t.ApiToken.Create().SetTenantID(home.TenantID).SetMemberID(home.ID).SetUserID(t.viewer.UserID).SetName(name).
			SetPrefix(prefix).SetTokenHash(hash).SetScopes(scopes).SetAllTenants(cmd.TenantIDs == nil).SetExpiresAt(t.now.AddDate(0, 0, days)).Save(ctx)
		if err != nil {
			return fmt.Errorf("make an API token: %w", err)
		}
		if err := t.limitToken(ctx, row, cmd.TenantIDs); err != nil {
			return err
		}
		made = &NewAPIToken{secret, row}
		return t.tellOfToken(ctx, home, row, cmd)
	}, &made)
	return made, err
}

// termsOf cleans what a token is called and how long it is to work.
func termsOf(cmd CreateAPIToken) (name string, days int, faults Errors) {
	name, fault := oneLine(cmd.Name, 100, "name")
	if fault != nil {
		faults = append(faults, fault)
	}
	days = defaultTokenDays
	if cmd.ExpiresInDays != nil {
		days = *cmd.ExpiresInDays
	}
	if days < 1 || days > mostTokenDays {
		faults = append(faults, broken(Invalid, fmt.Sprintf("A token works for 1 to %d days.", mostTokenDays), "expiresInDays"))
	}
	switch {
	case len(cmd.TenantIDs) > mostAtOnce:
		faults = append(faults, broken(LimitExceeded, fmt.Sprintf("A token is limited to at most %d tenants.", mostAtOnce), "tenantIds"))
	case cmd.TenantIDs != nil && len(cmd.TenantIDs) == 0:
		faults = append(faults, broken(Required, "Name a tenant, or leave the list out for all.", "tenantIds"))
	}
	return name, days, faults
}

// tokenHome holds the tenant in which the viewer may make a token, and returns their membership there.
func (t *tx) tokenHome(ctx context.Context, cmd CreateAPIToken) (*rule.Membership, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	field := []string{"tenantId"}
	id := orZero(cmd.TenantID)
	if cmd.TenantID == nil {
		homes, err := t.access.Homes(ctx)
		switch {
		case err != nil:
			return nil, err
		case len(homes) == 0:
			return nil, ErrForbidden
		case len(homes) > 1:
			return nil, broken(Required, "You belong to several tenants: name one.", field...)
		}
		id = homes[0].TenantID
	}
	if err := t.hold(ctx, id); err != nil {
		return nil, err
	}
	if err := t.lockPerson(ctx, t.viewer.UserID); err != nil { // whose tokens are counted
		return nil, err
	}
	if _, err := t.needOwn(ctx, id, field, access.Tokens); err != nil {
		return nil, err
	}
	if fault := t.recent(); fault != nil {
		return nil, fault
	}
	return t.access.Home(ctx, id)
}

// leadsTo fails unless a membership leads to all of the tenants.
func (t *tx) leadsTo(ctx context.Context, home *rule.Membership, tenantIDs []string) error {
	if err := t.access.Resolve(ctx, tenantIDs...); err != nil {
		return err
	}
	var faults Errors
	for i, id := range tenantIDs {
		reach, err := t.access.To(ctx, id)
		if err != nil {
			return err
		}
		if reach == nil || !slices.ContainsFunc(reach.Paths, func(p rule.Path) bool { return p.Home.ID == home.ID }) {
			faults = append(faults, notFound("tenantIds", strconv.Itoa(i)))
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

// tokensOf counts the API tokens of a person that are neither revoked nor over.
func (t *tx) tokensOf(ctx context.Context, userID string) (int, error) {
	n, err := t.ApiToken.Query().Where(apitoken.UserID(userID), apitoken.RevokedAtIsNil(), apitoken.ExpiresAtGT(t.now)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count API tokens: %w", err)
	}
	return n, nil
}

// limitToken writes the tenants that a token is limited to.
func (t *tx) limitToken(ctx context.Context, row *ent.ApiToken, tenantIDs []string) error {
	tenantIDs = distinct(tenantIDs)
	rows := make([]*ent.ApiTokenTenantCreate, len(tenantIDs))
	for i, id := range tenantIDs {
		rows[i] = t.ApiTokenTenant.Create().SetTokenID(row.ID).SetTenantID(id)
	}
	if err := t.ApiTokenTenant.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("limit an API token: %w", err)
	}
	return nil
}

// tellOfToken tells the owner and the audit trail of a token. The trail counts its tenants: not everybody who reads it may
// know their names.
func (t *tx) tellOfToken(ctx context.Context, home *rule.Membership, row *ent.ApiToken, cmd CreateAPIToken) error {
	owner, err := t.User.Get(ctx, row.UserID)
	if err != nil {
		return fmt.Errorf("read one's own account: %w", err)
	}
	err = t.send(ctx, mailing{kind: "api_token.created", to: owner,
		letter: mail.APITokenCreated{Name: row.Name, Tenant: home.Name, CreatedAt: t.now, ExpiresAt: row.ExpiresAt}})
	if err != nil {
		return err
	}
	e := aboutToken("api_token.created", row)
	tenants := "all"
	if cmd.TenantIDs != nil {
		tenants = strconv.Itoa(len(distinct(cmd.TenantIDs)))
	}
	e.changes = slices.Concat(change("scopes", "", describe(row.Scopes)), change("tenants", "", tenants),
		change("expiresAt", "", row.ExpiresAt.Format(time.RFC3339)))
	return t.record(ctx, e)
}

func aboutToken(action string, row *ent.ApiToken) event {
	return event{action: action, tenant: row.TenantID, target: row.ID, targetName: row.Name}
}

// RevokeAPIToken makes an API token useless at once and for good: one's own, or with TOKENS MANAGE in the tenant that it
// rests on that of any member. In a session of one's own.
//
// NOT_FOUND, CONFLICT for one that is revoked already.
func (s *Service) RevokeAPIToken(ctx context.Context, cmd RevokeAPIToken) (row *ent.ApiToken, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if row, err = t.revocableToken(ctx, cmd.ID); err != nil {
			return err
		}
		if row.RevokedAt != nil {
			return broken(Conflict, "The token is revoked already.", "id")
		}
		if row, err = t.ApiToken.UpdateOne(row).SetRevokedAt(t.now).Save(ctx); err != nil {
			return fmt.Errorf("revoke an API token: %w", err)
		}
		return t.record(ctx, aboutToken("api_token.revoked", row))
	}, &row)
	return row, err
}

// revocableToken reads an API token that the viewer may revoke, and locks the tenant that it rests on.
func (t *tx) revocableToken(ctx context.Context, id string) (*ent.ApiToken, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	row, err := t.ApiToken.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, notFound("id")
	}
	if err != nil {
		return nil, fmt.Errorf("read an API token: %w", err)
	}
	if err := t.lock(ctx, row.TenantID); err != nil {
		return nil, err
	}
	if row.UserID != t.viewer.UserID {
		if err := t.sees(ctx, row.TenantID, []string{"id"}, access.Tokens); err != nil {
			return nil, err
		}
		if _, err := t.need(ctx, row.TenantID, []string{"id"}, access.Tokens); err != nil {
			return nil, err
		}
	}
	if row, err = t.ApiToken.Get(ctx, id); err != nil {
		return nil, fmt.Errorf("read an API token: %w", err)
	}
	return row, nil
}

// endTokens revokes what rests on memberships.
func (t *tx) endTokens(ctx context.Context, memberIDs []string) error {
	err := t.ApiToken.Update().Where(apitoken.MemberIDIn(memberIDs...), apitoken.RevokedAtIsNil()).SetRevokedAt(t.now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("revoke API tokens: %w", err)
	}
	return nil
}
