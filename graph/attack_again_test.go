package graph_test

import (
	"slices"
	"testing"
	"time"

	"mandate/internal/access"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// Whoever uses up the links of a day for somebody else leaves them one that lives as long.
func TestNobodyIsLockedOutByLinksAskedForThem(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		const email = "contoso@example.com"
		for range 6 {
			s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
		}
		s.is("mails", len(s.Mails(email)), 5)
		last := s.lastToken(email)
		s.Later(23 * time.Hour)
		s.does(s.Stranger(), "resetPassword", in{"token": last, "newPassword": "a staple that nobody has"})
	})
}

func TestLinksAskedForAtOnceAreCounted(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		const email = "contoso@example.com"
		one := ask{s.Stranger(), `mutation($e: String!) { requestPasswordReset(input: {email: $e}) { ok userErrors { code field } } }`, vars{"e": email}}
		race(slices.Repeat([]ask{one}, 16)...)
		s.is("mails", len(s.Mails(email)), 5)
	})
}

func TestARoleIsRaisedOnceNobodyActsByIt(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "PRIME_ADMIN")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		chief := s.Staff(acme, "chief", testworld.Role("PRIME_ADMIN"))
		field := s.CustomRole(acme.Tenant, "Field", map[access.Feature]access.Level{"tickets": access.View})
		s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleId": field.ID, "accessPeriod": in{"days": 1}})
		raise := in{"id": field.ID, "permissions": levels("tickets", "MANAGE")}
		s.refused(chief, "updateRole", raise, "ROLE_EXCEEDS_GRANT at input.permissions")
		s.Later(25 * time.Hour)
		s.does(chief, "updateRole", raise)
	})
}

func TestASuspendedMemberDoesNotRaiseTheRoleToComeBackTo(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		desk := s.CustomRole(contoso.Tenant, "Desk", map[access.Feature]access.Level{"tickets": access.View})
		acme.Admin.Join(contoso.Tenant, testworld.Custom(desk))
		s.must(s.Write.Member.UpdateOneID(acme.Admin.Member(contoso.Tenant).ID).SetStatus("SUSPENDED").Exec(s.System()))
		s.refused(acme.Admin, "updateRole", in{"id": desk.ID, "permissions": levels("tickets", "MANAGE")}, "SELF_APPROVAL_FORBIDDEN at input.permissions")
	})
}

// Noting that a session is used waits for nobody else's. (On MariaDB: SQLite has one writer at a time anyway.)
func TestASessionsUseIsNotedBesideOthers(t *testing.T) {
	t.Parallel()
	s := scene{t, testworld.New(t, testdb.New(t, testdb.MariaDB))}
	s.Customer("Contoso")
	s.Customer("Fabrikam")
	mine := s.signsIn("contoso@example.com")
	s.signsIn("fabrikam@example.com")
	tx, err := s.DB.Write.Begin()
	s.must(err)
	defer tx.Rollback()
	if _, err := tx.Exec("UPDATE sessions SET address='x' WHERE user_id=(SELECT id FROM users WHERE email='fabrikam@example.com')"); err != nil {
		t.Fatal(err)
	}
	s.Later(2 * time.Minute)
	began := time.Now()
	s.is("answer", s.Bearer(mine).Do("{ viewer { user { id } } }", nil).Status, 200)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}
