package mandate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/rule"
	"mandate/ent/user"
	"mandate/internal/access"
)

// mostAtOnce is how many things one command changes.
const mostAtOnce = 100

// newMember is a member to be, cleaned and decided about.
type newMember struct {
	contact
	handle, label, phone string
	guest, administrator bool
	role                 namedRole
	direct               map[access.Feature]access.Level
	mail                 bool
}

// levels is what the member would hold.
func (m newMember) levels() access.Levels {
	return rule.MemberLevels(m.administrator, m.guest, m.role.levels, m.direct)
}

// title names what the member is given, for the audit trail.
func (m newMember) title() string {
	given := describe(m.direct)
	switch {
	case m.administrator:
		given = "administrator"
	case m.role.name != "" && given != "":
		given = m.role.name + ", " + given
	case m.role.name != "":
		given = m.role.name
	}
	if m.guest {
		return "guest: " + given
	}
	return cmp.Or(given, "nothing")
}

// AddMembers adds members to a tenant, all or none. A person who is known already is told, and keeps their password;
// anybody else gets a link to set one. A dry run writes nothing.
//
// Errors name the row. INVALID, REQUIRED, TOO_LONG, PHONE_COUNTRY_CODE_REQUIRED, ALREADY_MEMBER, CONFLICT for a User ID
// that is taken, PERMISSION_REQUIRED_FOR_EACH_FEATURE, SSO_LEVEL_REQUIRED, ROLE_EXCEEDS_GRANT, SELF_APPROVAL_FORBIDDEN,
// LIMIT_EXCEEDED.
func (s *Service) AddMembers(ctx context.Context, cmd AddMembers) (added []*ent.Member, err error) {
	if n := len(cmd.Members); n == 0 || n > mostAtOnce {
		return nil, broken(LimitExceeded, fmt.Sprintf("Name 1 to %d members.", mostAtOnce), "members")
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		added = nil
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		reach, err := t.mayAdd(ctx, cmd)
		if err != nil {
			return err
		}
		tn, err := t.Tenant.Get(ctx, cmd.TenantID)
		if err != nil {
			return err
		}
		rows, err := t.checkMembers(ctx, tn, reach, cmd.Members)
		if err != nil || orZero(cmd.DryRun) {
			return err
		}
		inviter, err := t.actorName(ctx, tn.ID)
		if err != nil {
			return err
		}
		var names []string
		var changes []access.Change
		for _, row := range rows {
			m, err := t.addMember(ctx, tn, row, inviter)
			if err != nil {
				return err
			}
			added, names = append(added, m), append(names, row.name())
			changes = append(changes, change(row.name(), "", row.title())...)
		}
		e := event{action: "member.added", tenant: tn.ID, changes: changes}
		if len(added) == 1 {
			e.target, e.targetName = added[0].ID, names[0]
		}
		return t.record(ctx, e)
	})
	return added, err
}

// mayAdd finds the levels that adding takes: USERS, for guests alone GUESTS, and ROLES with levels of any kind.
func (t *tx) mayAdd(ctx context.Context, cmd AddMembers) (*rule.Reach, error) {
	needs := []access.Feature{access.Guests}
	for _, m := range cmd.Members {
		if !orZero(m.Guest) {
			needs = append(needs, access.Users)
		}
		if orZero(m.Administrator) || m.RoleID != nil || m.RoleKey != nil || len(m.Permissions) > 0 {
			needs = append(needs, access.Roles)
		}
	}
	return t.need(ctx, cmd.TenantID, []string{"tenantId"}, needs...)
}

// checkMembers checks every row, and tells all that is wrong at once.
func (t *tx) checkMembers(ctx context.Context, tn *ent.Tenant, reach *rule.Reach, list []*NewMember) ([]newMember, error) {
	var rows []newMember
	var faults Errors
	emails, handles := make(map[string]bool), make(map[string]bool)
	for i, in := range list {
		at := []string{"members", strconv.Itoa(i)}
		row, err := t.checkMember(ctx, tn, reach, in)
		rowFaults, err := collect(err)
		if err != nil {
			return nil, err
		}
		if len(rowFaults) == 0 && emails[row.canonical] {
			rowFaults = append(rowFaults, broken(AlreadyMember, "The person is named twice.", "email"))
		}
		if len(rowFaults) == 0 && handles[row.handle] {
			rowFaults = append(rowFaults, broken(Conflict, "The User ID is named twice.", "userId"))
		}
		emails[row.canonical], handles[row.handle] = true, true
		for _, f := range rowFaults {
			faults = append(faults, f.under(at...))
		}
		rows = append(rows, row)
	}
	if faults != nil {
		return nil, faults
	}
	return rows, nil
}

// collect tells broken rules from errors.
func collect(err error) (Errors, error) {
	switch e := err.(type) { //nolint:errorlint // the domain returns these bare
	case nil:
		return nil, nil
	case *Error:
		return Errors{e}, nil
	case Errors:
		return e, nil
	default:
		return nil, err
	}
}

func (t *tx) checkMember(ctx context.Context, tn *ent.Tenant, reach *rule.Reach, in *NewMember) (newMember, error) {
	m := newMember{guest: orZero(in.Guest), administrator: orZero(in.Administrator), mail: in.SendPasswordEmail == nil || *in.SendPasswordEmail}
	var faults Errors
	m.contact, faults = newContact(in.FirstName, in.LastName, in.Email, [3]string{"firstName", "lastName", "email"})
	for _, part := range []struct {
		to    *string
		from  string
		most  int
		field string
	}{{&m.handle, in.UserID, 100, "userId"}, {&m.label, in.Label, 200, "label"}} {
		var fault *Error
		if *part.to, fault = oneLine(part.from, part.most, part.field); fault != nil {
			faults = append(faults, fault)
		}
	}
	var fault *Error
	if m.phone, fault = phone(in.Phone); fault != nil {
		faults = append(faults, fault)
	}
	more, err := collect(t.checkLevels(ctx, tn, reach, in, &m))
	if err != nil {
		return m, err
	}
	if faults = append(faults, more...); len(faults) > 0 {
		return m, faults
	}
	return m, t.checkPerson(ctx, tn, m)
}

// checkLevels decides what the member would hold, and whether the viewer may give it.
func (t *tx) checkLevels(ctx context.Context, tn *ent.Tenant, reach *rule.Reach, in *NewMember, m *newMember) error {
	named := in.RoleID != nil || in.RoleKey != nil
	if m.administrator && (named || len(in.Permissions) > 0 || m.guest) {
		return broken(Invalid, "An administrator holds everything, and has neither role nor levels, and is no guest.", "administrator")
	}
	var err error
	if named {
		if m.role, err = t.role(ctx, tn.ID, in.RoleID, in.RoleKey); err != nil {
			return err
		}
	}
	if m.direct, err = t.permissions(ctx, in.Permissions, "permissions"); err != nil {
		return err
	}
	if !named && !m.administrator {
		if err := t.everyFeature(ctx, in.Permissions); err != nil {
			return err
		}
	}
	if m.administrator {
		return t.mayAdminister(ctx, tn, reach, "administrator")
	}
	field := "permissions"
	if named {
		field = "roleKey"
	}
	return t.mayGive(ctx, tn, reach, m.levels(), field)
}

// everyFeature asks for a level for every catalogue feature but single sign-on, which is off unless named.
func (t *tx) everyFeature(ctx context.Context, list []*Permission) error {
	catalogue, err := t.catalogue(ctx)
	if err != nil {
		return err
	}
	for _, key := range catalogue {
		named := slices.ContainsFunc(list, func(p *Permission) bool { return p.Feature == key })
		if !named && !strings.HasPrefix(key, ssoPrefix) {
			return broken(PermissionRequired, "Without a role, every catalogue feature needs a level: "+key+" has none.", "permissions")
		}
	}
	return nil
}

// checkPerson checks that the person can become a member.
func (t *tx) checkPerson(ctx context.Context, tn *ent.Tenant, m newMember) error {
	if m.canonical == t.viewer.Email {
		return broken(SelfApprovalForbidden, "Nobody adds themselves.", "email")
	}
	taken, err := t.Member.Query().Where(member.TenantID(tn.ID), member.PresentHandle(SortName(m.handle))).Exist(ctx)
	if err != nil {
		return err
	}
	if taken {
		return broken(Conflict, "The User ID is taken.", "userId")
	}
	there, err := t.Member.Query().Where(member.TenantID(tn.ID), member.PresentUserIDNotNil(), member.HasUserWith(user.EmailCanonical(m.canonical))).Exist(ctx)
	if err != nil {
		return err
	}
	if there {
		return broken(AlreadyMember, "The person is a member already.", "email")
	}
	return nil
}

func (t *tx) addMember(ctx context.Context, tn *ent.Tenant, m newMember, inviter string) (*ent.Member, error) {
	u, err := t.user(ctx, m.contact)
	if err != nil {
		return nil, err
	}
	row, err := t.newMember(tn, u, m.contact, m.handle).SetLabel(m.label).SetPhone(m.phone).
		SetGuest(m.guest).SetAdministrator(m.administrator).SetNillableRoleID(some(m.role.id)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("add a member: %w", err)
	}
	for f, level := range m.direct {
		if err := t.MemberPermission.Create().SetTenantID(tn.ID).SetMemberID(row.ID).SetFeature(string(f)).SetLevel(level).Exec(ctx); err != nil {
			return nil, fmt.Errorf("give a level: %w", err)
		}
	}
	if !m.mail {
		return row, nil
	}
	return row, t.welcome(ctx, tn, u, inviter)
}

// phone reads a phone number with its country code.
func phone(s string) (string, *Error) {
	needsCode := broken(PhoneCountryCodeRequired, "Please enter contact phone with country code. E.g. +1", "phone")
	if !strings.HasPrefix(strings.TrimSpace(s), "+") {
		return "", needsCode
	}
	n, err := phonenumbers.Parse(s, "")
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "", broken(Invalid, "This is not a phone number.", "phone")
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}
