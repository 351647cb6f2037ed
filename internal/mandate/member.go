package mandate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/user"
	"mandate/internal/access"
)

// mostAtOnce is how many things one command changes.
const mostAtOnce = 100

// candidate is a member to be, cleaned and decided about.
type candidate struct {
	contact
	entitlement
	handle, label, phone string
	sites                siteLimit
	mail                 bool
}

// AddMembers adds members to a tenant, all or none. A person who is known already is told, and keeps their password;
// anybody else gets a link to set one. A dry run writes nothing.
//
// Errors name the row. INVALID, REQUIRED, TOO_LONG, PHONE_COUNTRY_CODE_REQUIRED, ALREADY_MEMBER, CONFLICT for a User ID
// that is taken, PERMISSION_REQUIRED_FOR_EACH_FEATURE, SSO_LEVEL_REQUIRED, ROLE_EXCEEDS_GRANT, SELF_APPROVAL_FORBIDDEN,
// NOT_FOUND for a role or a site, LIMIT_EXCEEDED. REAUTHENTICATION_REQUIRED to make somebody administrator.
func (s *Service) AddMembers(ctx context.Context, cmd AddMembers) (added []*ent.Member, err error) {
	if fault := oneTo(len(cmd.Members), mostAtOnce, "members", "members"); fault != nil {
		return nil, fault
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		added = nil
		if err := t.holdCatalogue(ctx, levelsIn(cmd.Members, func(m *NewMember) []*Permission { return m.Permissions })...); err != nil {
			return err
		}
		g, err := t.giver(ctx, cmd.TenantID, []string{"tenantId"}, addingTakes(cmd.Members)...)
		if err != nil {
			return err
		}
		if err := t.expireRequests(ctx, g.tn.ID); err != nil { // whose places are free again
			return err
		}
		rows, err := t.checkCandidates(ctx, g, cmd.Members)
		if err != nil {
			return err
		}
		if orZero(cmd.DryRun) {
			return errRehearsed // takes back what expireRequests wrote
		}
		if slices.ContainsFunc(rows, func(row candidate) bool { return row.administrator }) {
			if fault := t.recent(); fault != nil {
				return fault
			}
		}
		inviter, err := t.actorName(ctx, g.tn.ID)
		if err != nil {
			return err
		}
		e := event{action: "member.added", tenant: g.tn.ID}
		for _, row := range rows {
			m, err := t.addMember(ctx, g.tn, row, inviter)
			if err != nil {
				return err
			}
			added = append(added, m)
			e.changes = append(e.changes, change(row.name(), "", row.title())...)
		}
		return t.record(ctx, e.about(added))
	}, &added)
	return added, err
}

// addingTakes lists the features that adding takes: USERS, for guests alone GUESTS, and ROLES to give anything.
func addingTakes(list []*NewMember) []access.Feature {
	takes := []access.Feature{access.Guests}
	for _, m := range list {
		if !orZero(m.Guest) {
			takes = append(takes, access.Users)
		}
		if m.grant().gives() {
			takes = append(takes, access.Roles)
		}
	}
	return takes
}

func (m *NewMember) grant() grantInput {
	return grantInput{m.Administrator, m.RoleID, m.RoleKey, m.Permissions}
}

// checkCandidates checks every row, and tells all that is wrong at once.
func (t *tx) checkCandidates(ctx context.Context, g *giver, list []*NewMember) ([]candidate, error) {
	var named []string
	for _, in := range list {
		named = append(named, in.SiteIDs...)
	}
	sites, err := t.siteGiver(ctx, g, named)
	if err != nil {
		return nil, err
	}
	rows, faults := make([]candidate, len(list)), make([]Errors, len(list))
	for i, in := range list {
		rows[i], faults[i] = newCandidate(in)
		var more Errors
		rows[i].entitlement, more, err = collected(t.entitle(ctx, g, in.grant(), orZero(in.Guest)))
		if err != nil {
			return nil, err
		}
		faults[i] = append(faults[i], more...)
		rows[i].sites, more = sites.give(in.AllSites == nil || *in.AllSites, in.SiteIDs)
		if faults[i] = append(faults[i], more...); rows[i].administrator && !rows[i].sites.all && len(more) == 0 {
			faults[i] = append(faults[i], broken(Invalid, "An administrator sees all sites.", "allSites"))
		}
	}
	if err := t.checkPlaces(ctx, g.tn, rows, faults); err != nil {
		return nil, err
	}
	return rows, inRows("members", faults)
}

// newCandidate cleans what a command says of a person.
func newCandidate(in *NewMember) (candidate, Errors) {
	m := candidate{mail: in.SendPasswordEmail == nil || *in.SendPasswordEmail}
	var faults Errors
	m.contact, faults = newContact(in.FirstName, in.LastName, in.Email, [3]string{"firstName", "lastName", "email"})
	var more [3]*Error
	m.handle, more[0] = oneLine(in.UserID, mostHandle, "userId")
	m.label, more[1] = oneLine(in.Label, mostLabel, "label")
	m.phone, more[2] = phone(in.Phone)
	return m, append(faults, those(more[:]...)...)
}

// checkPlaces adds to the faults of otherwise faultless rows that a person or a User ID has a place in the tenant, or in
// a row before.
func (t *tx) checkPlaces(ctx context.Context, tn *ent.Tenant, rows []candidate, faults []Errors) error {
	var addresses, handles []string
	for _, row := range rows {
		addresses, handles = append(addresses, row.canonical), append(handles, SortName(row.handle))
	}
	taken, err := t.handlesTaken(ctx, tn.ID, handles)
	if err != nil {
		return err
	}
	there, err := t.membersAmong(ctx, tn.ID, addresses)
	if err != nil {
		return err
	}
	for i, row := range rows {
		var fault *Error
		switch handle := SortName(row.handle); {
		case len(faults[i]) > 0:
			continue
		case row.canonical == t.viewer.Email:
			fault = broken(SelfApprovalForbidden, "Nobody adds themselves.", "email")
		case slices.Contains(addresses[:i], row.canonical):
			fault = broken(AlreadyMember, "The person is named twice.", "email")
		case there[row.canonical]:
			fault = broken(AlreadyMember, "The person is a member already.", "email")
		case slices.Contains(handles[:i], handle):
			fault = broken(Conflict, "The User ID is named twice.", "userId")
		case taken[handle] != "":
			fault = broken(Conflict, "The User ID is taken.", "userId")
		default:
			continue
		}
		faults[i] = append(faults[i], fault)
	}
	return nil
}

// membersAmong finds out which of some addresses are those of members of a tenant.
func (t *tx) membersAmong(ctx context.Context, tenantID string, addresses []string) (map[string]bool, error) {
	people, err := t.User.Query().Where(user.EmailCanonicalIn(distinct(addresses)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look addresses up: %w", err)
	}
	byID := make(map[string]string, len(people))
	for _, u := range people {
		byID[u.ID] = u.EmailCanonical
	}
	found, err := t.Member.Query().Where(member.TenantID(tenantID), member.PresentUserIDIn(slices.Collect(maps.Keys(byID))...)).
		Select(member.FieldUserID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for members: %w", err)
	}
	there := make(map[string]bool, len(found))
	for _, id := range found {
		there[byID[id]] = true
	}
	return there, nil
}

// handlesTaken finds out who in a tenant has which of some User IDs, both folded.
func (t *tx) handlesTaken(ctx context.Context, tenantID string, handles []string) (map[string]string, error) {
	if handles = distinct(handles); len(handles) == 0 {
		return map[string]string{}, nil
	}
	rows, err := t.Member.Query().Where(member.TenantID(tenantID), member.PresentHandleIn(handles...)).
		Select(member.FieldID, member.FieldPresentHandle).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for User IDs: %w", err)
	}
	taken := make(map[string]string, len(rows))
	for _, m := range rows {
		taken[orZero(m.PresentHandle)] = m.ID
	}
	return taken, nil
}

func (t *tx) addMember(ctx context.Context, tn *ent.Tenant, m candidate, inviter string) (*ent.Member, error) {
	u, err := t.user(ctx, m.contact)
	if err != nil {
		return nil, err
	}
	row, err := t.newMember(tn, u, m.contact, m.handle).SetLabel(m.label).SetPhone(m.phone).SetAllSites(m.sites.all).
		SetGuest(m.guest).SetAdministrator(m.administrator).SetNillableRoleID(some(m.role.id)).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("add a member: %w", err)
	}
	if err := t.give(ctx, row, m.entitlement); err != nil {
		return nil, err
	}
	if err := t.listFirstSites(ctx, row, m.sites); err != nil {
		return nil, err
	}
	if !m.mail && u.PasswordHash == nil { // whoever has one is told in any case
		return row, nil
	}
	return row, t.welcome(ctx, tn, u, inviter)
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

// collected is collect for what comes with a value.
func collected[T any](v T, err error) (T, Errors, error) {
	faults, err := collect(err)
	return v, faults, err
}

// inRows puts the faults of rows below the list that names them; nil without any.
func inRows(list string, faults []Errors) error {
	var all Errors
	for i, row := range faults {
		for _, f := range row {
			all = append(all, f.under(list, strconv.Itoa(i)))
		}
	}
	if all == nil {
		return nil
	}
	return all
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
