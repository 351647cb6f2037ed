package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/tenant"
	"mandate/ent/user"
	"mandate/internal/access"
)

// ownNewTenant makes a customer for somebody who is signed in.
func (t *tx) ownNewTenant(ctx context.Context, a *NewAccount) (*ent.Tenant, *ent.Member, error) {
	name, fault := oneLine(a.TenantName, 200, "newAccount", "tenantName")
	if fault != nil {
		return nil, nil, fault
	}
	u, err := t.User.Get(ctx, t.viewer.UserID)
	if err != nil {
		return nil, nil, err
	}
	c := contact{canonical: u.EmailCanonical}
	known, err := t.oldestMembership(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	if known != nil {
		c.first, c.last = known.FirstName, known.LastName
	}
	if a.FirstName != nil || known == nil {
		if c.first, fault = oneLine(orZero(a.FirstName), mostName, "newAccount", "firstName"); fault != nil {
			return nil, nil, fault
		}
	}
	if a.LastName != nil || known == nil {
		if c.last, fault = oneLine(orZero(a.LastName), mostName, "newAccount", "lastName"); fault != nil {
			return nil, nil, fault
		}
	}
	tn, err := t.newTenant(tenant.KindCustomer, name).Save(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("make the customer: %w", err)
	}
	m, err := t.administrator(ctx, tn, u, c)
	return tn, m, err
}

// acceptAsNewcomer accepts a partner's invitation by somebody without an account: the token proves the address, so the
// account, its tenant and its session are made now.
func (t *tx) acceptAsNewcomer(ctx context.Context, inv *ent.Invitation, cmd AcceptInvitation, phc string, done *Accepted) (*ent.User, error) {
	has, err := t.User.Query().Where(user.EmailCanonical(*inv.EmailCanonical), user.PasswordHashNotNil()).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if has {
		return nil, broken(SignInRequired, "This address has an account: sign in first.")
	}
	a := cmd.NewAccount
	if a == nil || a.Password == nil {
		return nil, broken(Required, "Name the new organisation and yourself, and choose a password.", "newAccount")
	}
	c, faults := newContact(orZero(a.FirstName), orZero(a.LastName), *inv.Email, [3]string{"firstName", "lastName", "email"})
	for i, fault := range faults {
		faults[i] = fault.under("newAccount")
	}
	name, fault := oneLine(a.TenantName, 200, "newAccount", "tenantName")
	faults = append(faults, those(fault)...)
	if len(faults) > 0 {
		return nil, faults
	}
	tn, err := t.newTenant(tenant.KindCustomer, name).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the customer: %w", err)
	}
	m, u, in, err := t.newAccount(ctx, tn, c, phc)
	if err != nil {
		return nil, err
	}
	done.SignedIn = in
	ceiling, err := t.narrowed(ctx, inv, tn.ID, cmd, access.Everything)
	if err != nil {
		return nil, err
	}
	return u, t.accept(ctx, inv, tn, ceiling, false, m, done)
}
