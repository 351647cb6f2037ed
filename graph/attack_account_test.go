package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestChangingAnAddressTellsNothing: whether the new address has an account is answered alike, takes alike, and leaves the
// person who asks nothing to tell it by; only its own mailbox hears.
func TestChangingAnAddressTellsNothing(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Taken")
		s.must(s.Write.User.Create().SetEmail("invited@example.com").SetEmailCanonical("invited@example.com").Exec(s.System())) // and has no password
		answers, takes := make(map[string]bool), make(map[string]bool)
		for _, name := range []string{"taken", "invited", "free"} {
			asking := s.Customer("Asking " + name)
			from, email := asking.Admin.Email, name+"@example.com"
			before := s.rows()
			began := time.Now()
			answers[s.does(asking.Admin, "changeEmail", in{"newEmail": email, "currentPassword": testworld.Password}).Body] = true
			if took := time.Since(began); took < 150*time.Millisecond {
				t.Errorf("%s took %s", email, took)
			}
			var grown []string
			for table, rows := range s.rows() {
				if n := len(rows) - len(before[table]); n != 0 {
					grown = append(grown, fmt.Sprintf("%s %+d", table, n))
				}
			}
			slices.Sort(grown)
			s.sees(grown, "audit_events +1", "one_time_tokens +1", "outbox_messages +1")
			s.sees(s.kinds(from))
			event := s.lastEvent()
			takes[fmt.Sprint(event.Action, event.TenantID, event.TargetName, event.Changes)] = true

			s.is("mails", len(s.Mails(email)), 1)
			link := strings.Contains(s.Mails(email)[0].Text+s.Mails(email)[0].HTML, "://")
			s.is("a link goes to "+email, link, name == "free")
			s.is("the mail is secret", s.Mails(email)[0].Secret, name == "free")
			s.is("the mail names who asks", strings.Contains(s.Mails(email)[0].Text, from), name == "free")
		}
		s.is("different answers", len(answers), 1)
		s.is("different events", len(takes), 1)
	})
}

// TestAddressesOfOthersAreAskedForTenTimesADay: neither one person nor many fill a mailbox, and how many are left tells
// nothing of the addresses.
func TestAddressesOfOthersAreAskedForTenTimesADay(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Taken")
		for _, email := range []string{"taken@example.com", "free@example.com"} {
			s.then(email, func(s scene) {
				for n := range 7 {
					asking := s.Customer(fmt.Sprint(strings.ToUpper(email[:1]), n))
					for range 2 {
						s.does(asking.Admin, "changeEmail", in{"newEmail": email, "currentPassword": testworld.Password})
					}
				}
				s.is("mails", len(s.Mails(email)), 10)
				one := s.Customer("One " + email[:1])
				for range 5 {
					s.does(one.Admin, "changeEmail", in{"newEmail": email, "currentPassword": testworld.Password})
				}
				s.refused(one.Admin, "changeEmail", in{"newEmail": "another@example.com", "currentPassword": testworld.Password}, "LIMIT_EXCEEDED at input.newEmail")
				s.Later(24 * time.Hour)
				s.does(one.Admin, "changeEmail", in{"newEmail": email, "currentPassword": testworld.Password})
				s.is("mails a day later", len(s.Mails(email)), 11)
			})
		}
	})
}

// TestAskingForAResetTakesAlike: whatever the address is, and however many links it had.
func TestAskingForAResetTakesAlike(t *testing.T) {
	eachScene(t, func(s scene) {
		s.Customer("Contoso")
		for range 7 {
			for _, email := range []string{"contoso@example.com", "nobody@example.com", "no address"} {
				began := time.Now()
				s.asks(s.Stranger(), "requestPasswordReset", in{"email": email}).OK()
				if took := time.Since(began); took < 150*time.Millisecond {
					t.Errorf("%s took %s", email, took)
				}
			}
		}
		s.is("mails", len(s.Mails("contoso@example.com")), 5)
	})
}
