package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/tenant"
)

// CreateOperator is the command to make an administrator of the operator, and with the first one the operator's tenant.
type CreateOperator struct {
	TenantName string
	Email      string
	FirstName  string
	LastName   string
	Password   string
}

// CreateOperator makes an administrator of the operator. It is not part of the API: whoever holds the database may.
//
// INVALID, TOO_LONG, PASSWORD_TOO_WEAK, and ALREADY_MEMBER for somebody who is one already. An account that exists
// keeps its password.
func (s *Service) CreateOperator(ctx context.Context, cmd CreateOperator) error {
	c, faults := newContact(cmd.FirstName, cmd.LastName, cmd.Email, [3]string{"firstName", "lastName", "email"})
	name, fault := oneLine(cmd.TenantName, 200, "tenantName")
	if faults = append(faults, those(fault, checkPassword(cmd.Password, "password"))...); faults != nil {
		return faults
	}
	phc, err := s.hash(ctx, cmd.Password)
	if err != nil {
		return err
	}
	return s.tx(ctx, func(ctx context.Context, t *tx) error {
		tn, err := t.Tenant.Query().Where(tenant.KindEQ(tenant.KindOperator)).First(ctx)
		if ent.IsNotFound(err) {
			tn, err = t.newTenant(tenant.KindOperator, name).Save(ctx)
		}
		if err != nil {
			return fmt.Errorf("find or make the operator's tenant: %w", err)
		}
		u, err := t.user(ctx, c)
		if err != nil {
			return err
		}
		there, err := t.Member.Query().Where(member.TenantID(tn.ID), member.PresentUserID(u.ID)).Exist(ctx)
		if err != nil {
			return err
		}
		if there {
			return broken(AlreadyMember, "This person is a member of the operator already.", "email")
		}
		if u.PasswordHash == nil {
			if err := t.User.UpdateOne(u).SetPasswordHash(phc).SetPasswordChangedAt(t.now).Exec(ctx); err != nil {
				return err
			}
		}
		m, err := t.administrator(ctx, tn, u, c)
		if err != nil {
			return err
		}
		return t.record(ctx, event{action: "operator.administrator_created", tenant: tn.ID, target: m.ID, targetName: c.name(), actor: m})
	})
}
