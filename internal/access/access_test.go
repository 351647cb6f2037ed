package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/access"
)

// catalogue is part of the catalogue, and a feature that was added to it later.
var catalogue = []access.Feature{"invoices", "orders", "services", "sso.velo", "added.later"}

func features() []access.Feature {
	return append(append([]access.Feature{}, access.PlatformFeatures[:]...), catalogue...)
}

// written writes levels out: one letter a feature, N, V or M.
func written(l access.Levels) string {
	var b strings.Builder
	for _, f := range features() {
		b.WriteByte(l.At(f).String()[0])
	}
	return b.String()
}

func TestWhatTheSystemRolesHold(t *testing.T) {
	t.Parallel()
	want := `
              TENANT USERS GUESTS ROLES PARTNERS ASSIGNMENTS SITES SERVICES_ADMIN AUDIT TOKENS invoices orders services sso.velo added.later
PRIME_ADMIN   MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
ADMINISTRATOR MANAGE MANAGE MANAGE MANAGE VIEW VIEW MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
GUEST_MANAGER VIEW NONE MANAGE NONE NONE NONE NONE NONE NONE NONE NONE NONE NONE NONE NONE
READ_ONLY     VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW VIEW
DECISION_MAKER MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE MANAGE
PHONE_MANAGER VIEW NONE NONE NONE NONE NONE VIEW NONE NONE NONE NONE MANAGE MANAGE MANAGE MANAGE`
	got := "\n             "
	for _, f := range features() {
		got += " " + string(f)
	}
	for _, r := range access.SystemRoles {
		got += fmt.Sprintf("\n%-13s", r.Key)
		for _, f := range features() {
			got += " " + r.Levels.At(f).String()
		}
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
}

func TestSystemRolesAreFoundByKeyAndID(t *testing.T) {
	t.Parallel()
	ids := make(map[string]bool)
	for _, r := range access.SystemRoles {
		if by, ok := access.SystemRoleByKey(r.Key); !ok || by.ID != r.ID {
			t.Errorf("%s is not found by its key", r.Key)
		}
		if by, ok := access.SystemRoleByID(r.ID); !ok || by.Key != r.Key {
			t.Errorf("%s is not found by its id", r.Key)
		}
		if ids[r.ID] || len(r.ID) != 30 || !strings.HasPrefix(r.ID, "rol_") {
			t.Errorf("%s is no id of one role", r.ID)
		}
		ids[r.ID] = true
	}
	if _, ok := access.SystemRoleByKey("OWNER"); ok {
		t.Error("a role that there is not is found by its key")
	}
	if _, ok := access.SystemRoleByID(""); ok {
		t.Error("a role that there is not is found by its id")
	}
}

// samples are levels of all shapes.
func samples() map[string]access.Levels {
	of := func(pairs ...any) access.Levels {
		m := make(map[access.Feature]access.Level)
		for i := 0; i < len(pairs); i += 2 {
			m[access.Feature(fmt.Sprint(pairs[i]))] = pairs[i+1].(access.Level)
		}
		return access.Of(m)
	}
	list := map[string]access.Levels{
		"nothing":      {},
		"everything":   access.Everything,
		"users":        of("USERS", access.Manage),
		"guests":       of("GUESTS", access.View),
		"both":         of("USERS", access.View, "GUESTS", access.Manage),
		"invoices":     of("invoices", access.View, "orders", access.Manage),
		"explicitNone": of("invoices", access.None, "TENANT", access.View),
		"catalogue":    access.Everything.CatalogueOnly(),
	}
	for _, r := range access.SystemRoles {
		list[string(r.Key)] = r.Levels
	}
	for _, f := range access.PlatformFeatures {
		list["only "+string(f)] = of(f, access.View)
	}
	return list
}

func TestEveryFeatureIsDecidedByItself(t *testing.T) {
	t.Parallel()
	for a, l := range samples() {
		for b, m := range samples() {
			highest, within := access.None, true
			for _, f := range features() {
				if got, want := l.Max(m).At(f), max(l.At(f), m.At(f)); got != want {
					t.Errorf("max of %s and %s on %s is %s, want %s", a, b, f, got, want)
				}
				if got, want := l.Min(m).At(f), min(l.At(f), m.At(f)); got != want {
					t.Errorf("min of %s and %s on %s is %s, want %s", a, b, f, got, want)
				}
				highest, within = max(highest, l.At(f)), within && l.At(f) <= m.At(f)
			}
			if got := l.Highest(); got != highest {
				t.Errorf("the highest of %s is %s, want %s", a, got, highest)
			}
			if l.Within(m) != within {
				t.Errorf("%s within %s: %v, want %v", a, b, l.Within(m), within)
			}
			if same := written(l) == written(m); l.Equal(m) != same {
				t.Errorf("%s equal to %s: %v, want %v", a, b, l.Equal(m), same)
			}
		}
	}
}

func TestCombiningChangesNeitherSide(t *testing.T) {
	t.Parallel()
	for name, l := range samples() {
		before := written(l)
		for _, m := range samples() {
			_, _, _ = l.Max(m), l.Min(m), l.CatalogueOnly()
		}
		if after := written(l); after != before {
			t.Errorf("%s was %s, and is %s", name, before, after)
		}
	}
}

func TestUsersImplyGuests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ users, guests, want access.Level }{
		{access.None, access.None, access.None}, {access.None, access.View, access.View}, {access.View, access.None, access.View},
		{access.View, access.Manage, access.Manage}, {access.Manage, access.None, access.Manage}, {access.Manage, access.View, access.Manage},
	} {
		l := access.Of(map[access.Feature]access.Level{access.Users: c.users, access.Guests: c.guests})
		if got := l.At(access.Guests); got != c.want {
			t.Errorf("USERS %s and GUESTS %s give GUESTS %s, want %s", c.users, c.guests, got, c.want)
		}
		if got := l.At(access.Users); got != c.users {
			t.Errorf("USERS %s and GUESTS %s give USERS %s", c.users, c.guests, got)
		}
	}
}

func TestAGuestHoldsCatalogueLevelsOnly(t *testing.T) {
	t.Parallel()
	for name, l := range samples() {
		for _, f := range features() {
			want := l.At(f)
			if f.Platform() {
				want = access.None
			}
			if got := l.CatalogueOnly().At(f); got != want {
				t.Errorf("a guest with %s holds %s on %s, want %s", name, got, f, want)
			}
		}
	}
}

func TestAFeatureAddedLaterIsNone(t *testing.T) {
	t.Parallel()
	custom := access.Of(map[access.Feature]access.Level{"invoices": access.Manage, "orders": access.Manage, access.Tenant: access.Manage})
	if got := custom.At("added.later"); got != access.None {
		t.Errorf("a custom role gives %s on a feature it does not name", got)
	}
	if custom.Within(access.Of(map[access.Feature]access.Level{"invoices": access.Manage})) {
		t.Error("more is within less")
	}
}

func TestLevelsAreReadByTheirNames(t *testing.T) {
	t.Parallel()
	for want, name := range []string{"NONE", "VIEW", "MANAGE"} {
		var l access.Level
		if err := l.UnmarshalGQL(name); err != nil || l != access.Level(want) || l.String() != name {
			t.Errorf("%s is read as %s (%v)", name, l, err)
		}
	}
	for _, bad := range []any{"", "view", "OWNER", 1, nil, "Level(3)"} {
		var l access.Level
		if err := l.UnmarshalGQL(bad); err == nil {
			t.Errorf("%v is read as %s", bad, l)
		}
	}
	if got := access.Level(7).String(); got != "Level(7)" {
		t.Errorf("a level that there is not is called %s", got)
	}
}

func TestOnlyPlatformFeaturesAreReadAsSuch(t *testing.T) {
	t.Parallel()
	for _, want := range access.PlatformFeatures {
		var f access.Feature
		if err := f.UnmarshalGQL(string(want)); err != nil || f != want || !f.Platform() || f.PlatformName() == "" {
			t.Errorf("%s is read as %s (%v)", want, f, err)
		}
	}
	var names []string
	for _, f := range access.PlatformFeatures {
		names = append(names, f.PlatformName())
	}
	if got, want := strings.Join(names, ", "), "Tenant profile, Members, Guests, Roles, Partners, Assignments, Sites and devices, Activation and subscriptions, Audit trail, API tokens"; got != want {
		t.Errorf("they are called %s, want %s", got, want)
	}
	for _, bad := range []any{"invoices", "", "tenant", 5, nil} {
		var f access.Feature
		if err := f.UnmarshalGQL(bad); err == nil || f.Platform() {
			t.Errorf("%v is read as the platform feature %s", bad, f)
		}
	}
	for _, f := range access.Lasting {
		if !f.Platform() {
			t.Errorf("%s makes access lasting, and is no platform feature", f)
		}
	}
}
