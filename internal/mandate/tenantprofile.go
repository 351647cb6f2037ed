package mandate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"mandate/ent"
	"mandate/ent/tenant"
	"mandate/ent/tenanttag"
	"mandate/internal/access"
)

// UpdateTenant changes a tenant's profile as far as the command names it, and the copies of its name and account number in
// whatever stands between it and others now: what is over keeps the names of its time. A call that changes nothing writes
// nothing. For whoever holds TENANT MANAGE there by any path; the sign-up policy takes USERS MANAGE too.
//
// NOT_FOUND, STALE_VERSION, REQUIRED, TOO_LONG, TOO_MANY_TAGS, INVALID_TAG; INVALID, which sign-up with the operator is too.
func (s *Service) UpdateTenant(ctx context.Context, cmd UpdateTenant) (tn *ent.Tenant, err error) {
	p, faults := profile{cmd.Name, cmd.Email, cmd.AccountNumber, cmd.Address, cmd.Tags}.clean()
	needs := []access.Feature{access.Tenant}
	if cmd.SignUpPolicy != nil {
		needs = append(needs, access.Users)
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, cmd.ID); err != nil {
			return err
		}
		if _, err := t.need(ctx, cmd.ID, []string{"id"}, needs...); err != nil {
			return err
		}
		before, err := t.tenant(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if err := fresh(cmd.Version, before.Version); err != nil {
			return err
		}
		if len(faults) > 0 {
			return faults
		}
		changes, err := t.changeTenant(ctx, before, p, cmd.SignUpPolicy)
		if err != nil {
			return err
		}
		if tn, err = t.tenant(ctx, before.ID); err != nil || len(changes) == 0 {
			return err
		}
		if tn.Name != before.Name || orZero(tn.AccountNumber) != orZero(before.AccountNumber) {
			if err := t.copyProfile(ctx, tn); err != nil {
				return err
			}
		}
		return t.record(ctx, event{action: "tenant.updated", tenant: tn.ID, target: tn.ID, targetName: tn.Name, changes: changes})
	}, &tn)
	return tn, err
}

// changeTenant writes what is new about a tenant, and describes it.
func (t *tx) changeTenant(ctx context.Context, tn *ent.Tenant, p profile, policy *tenant.SignUpPolicy) ([]access.Change, error) {
	update := t.Tenant.UpdateOne(tn).AddVersion(1)
	changes := p.changes(tn, update)
	if p.tags != nil {
		tagged, err := t.retag(ctx, tn.ID, p.tags)
		if err != nil {
			return nil, err
		}
		changes = append(changes, tagged...)
	}
	if policy != nil && *policy != tn.SignUpPolicy {
		if tn.Kind == tenant.KindOperator {
			return nil, broken(Invalid, "Nobody becomes one of the operator's people by signing up.", "signUpPolicy")
		}
		setSignUp(update, tn, *policy)
		changes = append(changes, change("signUpPolicy", string(tn.SignUpPolicy), string(*policy))...)
	}
	if len(changes) == 0 {
		return nil, nil
	}
	if err := update.Exec(ctx); err != nil {
		return nil, fmt.Errorf("change the tenant: %w", err)
	}
	return changes, nil
}

// setSignUp sets how people become members by themselves: closing forgets the code, opening makes a new one.
func setSignUp(update *ent.TenantUpdateOne, tn *ent.Tenant, policy tenant.SignUpPolicy) {
	update.SetSignUpPolicy(policy)
	switch {
	case policy == tenant.SignUpPolicyClosed:
		update.ClearSignUpCode()
	case tn.SignUpCode == nil:
		update.SetSignUpCode(newSignUpCode())
	}
}

// newSignUpCode makes a code such as JOIN-7K2M-93QD-PTX4-W6AH: nobody comes upon one by guessing.
func newSignUpCode() string { return newCode("JOIN-0000-0000-0000-0000") }

// profile is what a command says of a tenant: nil for what it leaves out, "" for what it takes away.
type profile struct {
	name, email, account *string
	address              *Address // in whole
	tags                 []string // all of them
}

// clean cleans a profile, and tells all that is wrong with it at once.
func (p profile) clean() (c profile, faults Errors) {
	text := func(given *string, to **string, clean func(string) (string, *Error)) {
		if given == nil {
			return
		}
		cleaned, fault := clean(*given)
		faults = append(faults, those(fault)...)
		*to = &cleaned
	}
	text(p.name, &c.name, func(s string) (string, *Error) { return oneLine(s, 200, "name") })
	text(p.email, &c.email, func(s string) (string, *Error) {
		if strings.TrimSpace(s) == "" {
			return "", nil
		}
		typed, _, fault := email(s, "email")
		return typed, fault
	})
	text(p.account, &c.account, func(s string) (string, *Error) {
		line, fault := optionalLine(&s, 60, "accountNumber")
		return orZero(line), fault
	})
	if p.tags != nil {
		list, fault := tags(p.tags, "tags")
		faults = append(faults, those(fault)...)
		c.tags = append([]string{}, list...)
	}
	if p.address != nil {
		address, fault := p.address.clean()
		faults = append(faults, those(fault)...)
		c.address = &address
	}
	return c, faults
}

// clean cleans an address.
func (a Address) clean() (c Address, fault *Error) {
	for _, part := range []struct {
		from *string
		to   **string
		most int
		name string
	}{
		{a.Street, &c.Street, 200, "street"}, {a.City, &c.City, 100, "city"}, {a.Region, &c.Region, 100, "region"},
		{a.PostalCode, &c.PostalCode, 20, "postalCode"}, {a.Country, &c.Country, 100, "country"},
	} {
		if *part.to, fault = optionalLine(part.from, part.most, "address", part.name); fault != nil {
			return c, fault
		}
	}
	if c.Country != nil {
		*c.Country = strings.ToUpper(*c.Country)
		if len(*c.Country) != 2 || strings.Trim(*c.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return c, broken(Invalid, "A country is named by its two letters of ISO 3166-1, such as DE.", "address", "country")
		}
	}
	return c, nil
}

// changes writes into the update what the profile, but for its tags, changes of a tenant, and describes it.
func (p profile) changes(tn *ent.Tenant, update *ent.TenantUpdateOne) []access.Change {
	var changes []access.Change
	if p.name != nil && *p.name != tn.Name {
		update.SetName(*p.name).SetSortName(SortName(*p.name))
		changes = change("name", tn.Name, *p.name)
	}
	address := Address{tn.Street, tn.City, tn.Region, tn.PostalCode, tn.Country}
	if p.address != nil {
		address = *p.address
	}
	for _, part := range []struct {
		field         string
		before, after *string
		set           func(string) *ent.TenantUpdateOne
		clear         func() *ent.TenantUpdateOne
	}{
		{"email", tn.Email, cmp.Or(p.email, tn.Email), update.SetEmail, update.ClearEmail},
		{"accountNumber", tn.AccountNumber, cmp.Or(p.account, tn.AccountNumber), update.SetAccountNumber, update.ClearAccountNumber},
		{"address.street", tn.Street, address.Street, update.SetStreet, update.ClearStreet},
		{"address.city", tn.City, address.City, update.SetCity, update.ClearCity},
		{"address.region", tn.Region, address.Region, update.SetRegion, update.ClearRegion},
		{"address.postalCode", tn.PostalCode, address.PostalCode, update.SetPostalCode, update.ClearPostalCode},
		{"address.country", tn.Country, address.Country, update.SetCountry, update.ClearCountry},
	} {
		before, after := orZero(part.before), orZero(part.after)
		switch {
		case before == after:
			continue
		case after == "":
			part.clear()
		default:
			part.set(after)
		}
		changes = append(changes, change(part.field, before, after)...)
	}
	return changes
}

// tag gives a tenant tags that it does not have.
func (t *tx) tag(ctx context.Context, tenantID string, list []string) error {
	for _, tag := range list {
		if err := t.TenantTag.Create().SetTenantID(tenantID).SetTag(tag).Exec(ctx); err != nil {
			return fmt.Errorf("tag the tenant: %w", err)
		}
	}
	return nil
}

// retag leaves a tenant these tags and no others, and describes what changed.
func (t *tx) retag(ctx context.Context, tenantID string, list []string) ([]access.Change, error) {
	present, err := t.TenantTag.Query().Where(tenanttag.TenantID(tenantID)).Select(tenanttag.FieldTag).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	if gone := without(present, list); len(gone) > 0 {
		if _, err := t.TenantTag.Delete().Where(tenanttag.TenantID(tenantID), tenanttag.TagIn(gone...)).Exec(ctx); err != nil {
			return nil, fmt.Errorf("take tags away: %w", err)
		}
	}
	if err := t.tag(ctx, tenantID, without(list, present)); err != nil {
		return nil, err
	}
	inOrder := func(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ", ") }
	return change("tags", inOrder(present), inOrder(list)), nil
}
