package mandate

import (
	"context"
	"fmt"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// SuspendTenant closes a tenant until it is reactivated: nobody reaches it, or anything through it, but those who may
// reactivate it, and nothing ends. For the operator's people with TENANT MANAGE, for administrators of its partner of
// record that the relationship gives TENANT MANAGE, and for a tech partner's those of its MSP; in a session of their own.
//
// NOT_FOUND, CONFLICT for a tenant that is suspended already, INVALID for the operator's own.
func (s *Service) SuspendTenant(ctx context.Context, cmd SuspendTenant) (*ent.Tenant, error) {
	reason, fault := paragraph(cmd.Reason, 500, "reason")
	if fault != nil {
		return nil, fault
	}
	return s.setTenantStatus(ctx, cmd.ID, tenant.StatusSuspended, event{action: "tenant.suspended", reason: reason})
}

// ReactivateTenant opens a suspended tenant again, for those who may suspend it.
//
// NOT_FOUND, CONFLICT for a tenant that is not suspended, INVALID for the operator's own.
func (s *Service) ReactivateTenant(ctx context.Context, cmd ReactivateTenant) (*ent.Tenant, error) {
	return s.setTenantStatus(ctx, cmd.ID, tenant.StatusActive, event{action: "tenant.reactivated"})
}

func (s *Service) setTenantStatus(ctx context.Context, id string, to tenant.Status, e event) (tn *ent.Tenant, err error) {
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, id); err != nil {
			return err
		}
		k, err := t.keeping(ctx, id, false)
		if err != nil {
			return err
		}
		if k.Status == to {
			sentence := map[bool]string{true: "The tenant is suspended already.", false: "The tenant is not suspended."}[to == tenant.StatusSuspended]
			return broken(Conflict, sentence, "id")
		}
		if tn, err = t.Tenant.UpdateOne(k.Tenant).SetStatus(to).AddVersion(1).Save(ctx); err != nil {
			return fmt.Errorf("suspend or reactivate the tenant: %w", err)
		}
		if err := t.tellState(ctx, k, to, e.reason); err != nil {
			return err
		}
		return t.record(ctx, k.about(e, to))
	}, &tn)
	return tn, err
}

// keeping is a tenant as somebody acts on it who decides about its being there.
type keeping struct {
	*ent.Tenant
	path  rule.Path // by which they may
	actor *ent.Member
}

// keeping reads a tenant, and finds the path by which the viewer decides about it: as one of the operator's people, or as
// an administrator of its partner of record, or of its MSP, with TENANT MANAGE along that very path; and when deleting as an
// administrator of the tenant itself. Whoever else sees the tenant is refused.
func (t *tx) keeping(ctx context.Context, id string, deleting bool) (*keeping, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	reach, err := t.need(ctx, id, []string{"id"}, access.Tenant)
	if err != nil {
		return nil, err
	}
	tn, err := t.tenant(ctx, id)
	if err != nil {
		return nil, err
	}
	if tn.Kind == tenant.KindOperator {
		return nil, broken(Invalid, "The operator's own tenant stays.", "id")
	}
	for _, p := range reach.Paths {
		may, err := t.keeps(ctx, p, deleting)
		if err != nil {
			return nil, err
		}
		if may {
			actor, err := t.Member.Get(ctx, p.Home.ID)
			return &keeping{tn, p, actor}, err
		}
	}
	return nil, ErrForbidden
}

// keeps reports whether whoever comes along a path decides about the tenant's being there.
func (t *tx) keeps(ctx context.Context, p rule.Path, deleting bool) (bool, error) {
	switch {
	case p.Levels.At(access.Tenant) < access.Manage:
		return false, nil
	case p.Via == rule.Own:
		return deleting && p.Home.Administrator, nil
	case p.Via == rule.Relationship: // only administrators of a partner come this way
		return t.ofRecord(ctx, &rule.Reach{Paths: []rule.Path{p}}, access.Levels{})
	case p.Via == rule.MSP: // so do those to whom the tech partner was delegated
		return p.Home.Administrator, nil
	}
	return p.Via == rule.Operator, nil
}

// about makes the tenant what an event is about, and its new status what changed.
func (k *keeping) about(e event, to tenant.Status) event {
	e.tenant, e.target, e.targetName = k.ID, k.ID, k.Name
	e.relationship, e.actor = k.path.RelationshipID, k.actor
	e.changes = change("status", string(k.Status), string(to))
	return e
}
