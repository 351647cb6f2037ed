package mandate

import (
	"context"

	"mandate/ent"
	"mandate/ent/relationship"
	"mandate/ent/role"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// need returns how the viewer reaches the tenant, if the viewer holds MANAGE on all the features there. Without any
// path the answer is that of a tenant that does not exist.
func (t *tx) need(ctx context.Context, tenantID string, field []string, features ...access.Feature) (*rule.Reach, error) {
	reach, err := t.reach(ctx, tenantID, field)
	if err != nil {
		return nil, err
	}
	for _, f := range features {
		if reach.Levels.At(f) < access.Manage {
			return nil, ErrForbidden
		}
	}
	t.needed = append(t.needed, features...)
	return reach, nil
}

// needOwn is need by a membership of the viewer's own, in person: what consent takes. Nothing else will do.
func (t *tx) needOwn(ctx context.Context, tenantID string, field []string, feature access.Feature) (*rule.Reach, error) {
	reach, err := t.reach(ctx, tenantID, field)
	if err != nil {
		return nil, err
	}
	if !t.viewer.InPerson() || reach.Own().At(feature) < access.Manage {
		return nil, ErrForbidden
	}
	return reach, nil
}

// sees fails like for what does not exist unless the viewer sees rows of the tenant that one of the features guards.
func (t *tx) sees(ctx context.Context, tenantID string, field []string, features ...access.Feature) error {
	reach, err := t.reach(ctx, tenantID, field)
	if err != nil {
		return err
	}
	for _, f := range features {
		if reach.Levels.At(f) >= access.View {
			return nil
		}
	}
	return notFound(field...)
}

func (t *tx) reach(ctx context.Context, tenantID string, field []string) (*rule.Reach, error) {
	if !t.viewer.SignedIn() {
		return nil, ErrUnauthenticated
	}
	reach, err := t.access.To(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	if reach == nil {
		return nil, notFound(field...)
	}
	return reach, nil
}

// owns returns the levels of the viewer's own membership in the tenant, none without one.
func (t *tx) owns(ctx context.Context, tenantID string) (access.Levels, error) {
	reach, err := t.access.To(ctx, tenantID)
	if err != nil || reach == nil {
		return access.Levels{}, err
	}
	return reach.Own(), nil
}

// operator fails unless the viewer is, under lock, an administrator of the operator in a session of their own.
func (t *tx) operator(ctx context.Context) error {
	if !t.viewer.SignedIn() {
		return ErrUnauthenticated
	}
	if err := t.lock(ctx); err != nil {
		return err
	}
	runs, err := t.access.RunsInstallation(ctx)
	if err == nil && !runs {
		err = ErrForbidden
	}
	return err
}

// mayGive says why the viewer may not give levels to somebody in the tenant, or nil. Nobody gives more than they hold;
// and what makes access lasting is given in a customer by its own members, by what they hold as such, and by its partner
// of record.
func (t *tx) mayGive(ctx context.Context, tn *ent.Tenant, reach *rule.Reach, levels access.Levels, field ...string) error {
	if !levels.Within(reach.Levels) {
		return broken(RoleExceedsGrant, tooMuch, field...)
	}
	if tn.Kind != tenant.KindCustomer || !lasting(levels) ||
		reach.Own().At(access.Roles) == access.Manage && levels.Within(reach.Own()) {
		return nil
	}
	ofRecord, err := t.ofRecord(ctx, reach, levels)
	if err != nil || ofRecord {
		return err
	}
	return broken(RoleExceedsGrant, "Only the customer's own members can give access that lasts.", field...)
}

// mayAdminister says why the viewer may not make somebody administrator of the tenant, or change one, or nil. The flag is
// more than its levels: it is given by those who have it, and in a customer by its partner of record. An API token never has
// it, whatever its scopes are.
func (t *tx) mayAdminister(ctx context.Context, tn *ent.Tenant, reach *rule.Reach, field ...string) error {
	if reach.Administers() {
		return nil
	}
	if tn.Kind == tenant.KindCustomer && t.viewer.Token == nil {
		ofRecord, err := t.ofRecord(ctx, reach, access.Everything)
		if err != nil || ofRecord {
			return err
		}
	}
	return broken(RoleExceedsGrant, "Only an administrator can make an administrator, or change one.", field...)
}

// ofRecord reports whether the viewer reaches a customer as its partner of record, with at least these levels.
func (t *tx) ofRecord(ctx context.Context, reach *rule.Reach, levels access.Levels) (bool, error) {
	for _, p := range reach.Paths {
		if p.RelationshipID == "" || !levels.Within(p.Levels) {
			continue
		}
		yes, known := t.known.ofRecord[p.RelationshipID]
		if !known {
			var err error
			yes, err = t.Relationship.Query().
				Where(relationship.ID(p.RelationshipID), relationship.KindEQ(relationship.KindPartnerOfRecord)).Exist(ctx)
			if err != nil {
				return false, err
			}
			if t.known.ofRecord == nil {
				t.known.ofRecord = make(map[string]bool)
			}
			t.known.ofRecord[p.RelationshipID] = yes
		}
		if yes {
			return true, nil
		}
	}
	return false, nil
}

func lasting(levels access.Levels) bool {
	for _, f := range access.Lasting {
		if levels.At(f) == access.Manage {
			return true
		}
	}
	return false
}

// namedRole is a role as a command names it.
type namedRole struct {
	id       string
	tenantID string // whose role it is; "" for a system role
	name     string
	levels   access.Levels
}

// role finds the role that a command names: a system role, or one of the given tenant's own. Every other id is NOT_FOUND,
// none REQUIRED.
func (t *tx) role(ctx context.Context, ofTenant string, id *string, key *role.Key) (namedRole, error) {
	switch {
	case id != nil && key != nil:
		return namedRole{}, broken(Invalid, "Name a role by its id or by its key, not by both.", "roleId")
	case id == nil && key == nil:
		return namedRole{}, broken(Required, "Name a role.", "roleKey")
	case key != nil:
		return systemRole(access.RoleKey(*key)), nil
	}
	r, err := t.roleOf(ctx, *id)
	if ent.IsNotFound(err) || err == nil && r.tenantID != "" && r.tenantID != ofTenant {
		return namedRole{}, notFound("roleId")
	}
	return r, err
}

// roleOf reads a role that a row carries, once.
func (t *tx) roleOf(ctx context.Context, id string) (namedRole, error) {
	if r, ok := access.SystemRoleByID(id); ok {
		return systemRole(r.Key), nil
	}
	if r, known := t.known.roles[id]; known {
		return r, nil
	}
	row, err := t.Role.Get(ctx, id)
	if err != nil {
		return namedRole{}, err
	}
	levels, err := t.access.RoleLevels(ctx, id)
	if err != nil {
		return namedRole{}, err
	}
	r := namedRole{id, orZero(row.TenantID), row.Name, levels[id]}
	if t.known.roles == nil {
		t.known.roles = make(map[string]namedRole)
	}
	t.known.roles[id] = r
	return r, nil
}

func systemRole(key access.RoleKey) namedRole {
	r, _ := access.SystemRoleByKey(key)
	return namedRole{id: r.ID, name: r.Name, levels: r.Levels}
}
