package graph_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"mandate/ent"
	"mandate/ent/auditevent"
	"mandate/ent/outboxmessage"
	"mandate/internal/testworld"
)

const day = 24 * time.Hour

// sweeps lets the clock's work be done.
func (s scene) sweeps() {
	s.Helper()
	rows, last := s.hearable(), s.latestEvent()
	if err := s.Service.Sweep(context.Background()); err != nil {
		s.Fatal(err)
	}
	s.names("a sweep", rows, last)
	if behind := s.behind(); len(behind) > 0 {
		s.Fatalf("a sweep leaves what is due: %v", behind)
	}
}

// behind lists what the clock has something to do with, and what it should know of and does not.
func (s scene) behind() []string {
	s.Helper()
	now := s.Now().Format("2006-01-02 15:04:05")
	if s.DB.Dialect == "sqlite3" {
		now = fmt.Sprint(s.Now().UnixMicro())
	} else {
		now = "'" + now + "'"
	}
	return s.read(fmt.Sprintf(`SELECT id FROM relationships WHERE due_at <= %[1]s OR active_customer_id IS NOT NULL AND (ends_at IS NULL) <> (due_at IS NULL) OR active_customer_id IS NULL AND due_at IS NOT NULL
		UNION ALL SELECT id FROM assignments WHERE due_at <= %[1]s OR open_key IS NOT NULL AND (ends_at IS NULL) <> (due_at IS NULL) OR open_key IS NULL AND due_at IS NOT NULL
		UNION ALL SELECT id FROM invitations WHERE status = 'PENDING' AND expires_at <= %[1]s
		UNION ALL SELECT id FROM access_requests WHERE status = 'PENDING' AND expires_at <= %[1]s`, now))
}

// after lets time pass, with some sweeps a day.
func (s scene) after(d time.Duration) {
	s.Helper()
	for d > 0 {
		step := min(d, 8*time.Hour)
		s.Later(step)
		s.sweeps()
		d -= step
	}
}

// told lists the subjects of the mails about access to an address, oldest first.
func (s scene) told(email string) []string {
	s.Helper()
	var list []string
	for _, m := range s.Mails(email) {
		if strings.HasPrefix(m.Kind, "access.") {
			list = append(list, m.Subject)
		}
	}
	return list
}

// clockwork lists the events that nobody brought about, oldest first, by action.
func (s scene) clockwork() []string {
	s.Helper()
	list, err := s.Write.AuditEvent.Query().Where(auditevent.RequestIDIsNil()).Order(ent.Asc(auditevent.FieldID)).Select(auditevent.FieldAction).Strings(s.System())
	s.must(err)
	return list
}

func TestARelationshipEndsAnnounced(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 40)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		a := s.given(acme.Admin, helper.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", nil)
		sides := []string{"acme@example.com", "contoso@example.com"}
		tells := func(s scene, subjects ...string) {
			s.Helper()
			for _, email := range sides {
				s.sees(s.told(email), subjects...)
			}
		}
		const in30, in7, in1 = "Access of Acme to Contoso ends in 30 days", "Access of Acme to Contoso ends in 7 days", "Access of Acme to Contoso ends in 1 day"

		s.then("nobody is told early", func(s scene) {
			s.after(10*day - time.Hour)
			tells(s)
		})
		s.then("both sides are told 30, 7 and 1 days before, once", func(s scene) {
			s.after(time.Hour)
			tells(s, in30)
			s.after(23 * day)
			tells(s, in30, in7)
			s.does(contoso.Admin, "suspendRelationship", in{"id": id}) // it ends all the same
			s.after(6 * day)
			tells(s, in30, in7, in1)
			s.does(contoso.Admin, "resumeRelationship", in{"id": id})
		})
		s.then("the end is recorded with all that rested on it, and told", func(s scene) {
			s.after(22 * time.Hour)
			entered := s.enters(s.signsIn(sides[0]), contoso.ID)
			s.sees(customersOf(helper), "Contoso")
			s.is("entered", s.status(entered), 200)
			s.Later(2 * time.Hour)
			s.sees(customersOf(helper)) // before any sweep
			s.is("entered", s.status(entered), 401)
			s.is("recorded", s.read("SELECT status FROM relationships")[0], "ACTIVE")
			s.sweeps()
			s.is("recorded", s.read("SELECT status FROM relationships")[0], "EXPIRED")
			s.is("ended", s.read("SELECT ended_at=ends_at FROM relationships")[0], "1")
			s.is("assignment", s.standing(acme.Admin, a), any("REVOKED"))
			s.is("open sessions of the relationship", s.read("SELECT COUNT(*) FROM sessions WHERE relationship_id IS NOT NULL AND ended_at IS NULL")[0], "0")
			s.sees(s.told(sides[0]), in30, in7, in1, "Relationship with Contoso ended")
			s.sees(s.told(sides[1]), in30, in7, in1, "Relationship with Acme ended")
			s.sees(s.clockwork(), "relationship.ending", "relationship.ending", "relationship.ending", "relationship.expired")
		})
		s.then("nothing more comes of it", func(s scene) {
			before := s.rows()
			s.sweeps()
			s.unchanged(before, "a sweep with nothing to do")
		})
	})
}

func TestALaterEndIsAnnouncedAnew(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 8)
		ending := func(n int) string { return fmt.Sprintf("Access of Acme to Contoso ends in %d days", n) }
		s.after(2 * day)
		s.sees(s.told("contoso@example.com"), ending(7))
		s.does(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": s.Now().Add(50 * day)})
		s.after(20 * day)
		s.sees(s.told("contoso@example.com"), ending(7), ending(30))
		s.does(acme.Admin, "narrowRelationship", in{"id": id, "endsAt": s.Now().Add(9 * day)})
		s.after(2 * day)
		s.sees(s.told("contoso@example.com"), ending(7), ending(30), ending(7))
	})
}

func TestAnInstallersDaysAreAnnouncedOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		tech := s.TechPartner(acme, "Wirers", "INSTALLER")
		fitter := s.Staff(tech, "fitter", testworld.Nothing)
		assigned := s.given(acme.Admin, tech.Partner.ID, contoso.ID, "READ_ONLY", nil)
		resting := s.given(tech.Admin, fitter.Member(tech.Tenant).ID, contoso.ID, "READ_ONLY", nil)
		s.sees(customersOf(fitter), "Contoso")
		s.after(6*day + time.Hour)
		for _, email := range []string{"acme@example.com", "wirers@example.com"} {
			s.sees(s.told(email), "Access of Wirers to Contoso ends in 1 day")
		}
		s.after(day)
		s.is("the tech partner's", s.standing(acme.Admin, assigned), any("EXPIRED"))
		s.is("recorded", s.read("SELECT COUNT(*) FROM assignments WHERE status='EXPIRED'")[0], "1")
		s.is("what rested on it", s.read("SELECT status FROM assignments WHERE id='" + resting + "'")[0], "REVOKED")
		s.sees(customersOf(fitter))
		for _, email := range []string{"acme@example.com", "wirers@example.com"} {
			s.sees(s.told(email), "Access of Wirers to Contoso ends in 1 day", "Access of Wirers to Contoso has ended")
		}
		s.sees(s.told("contoso@example.com"))
		s.sees(s.clockwork(), "assignment.ending", "assignment.expired")
	})
}

// TestWorkersAwayForAMonth has nobody sweep until all is over: what was refused all the time is recorded and told once.
func TestWorkersAwayForAMonth(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		s.endsOn(acme, contoso, "ADMINISTRATOR", 10)
		s.endsOn(acme, fabrikam, "ADMINISTRATOR", 33)
		helper := s.Staff(acme, "helper", testworld.Nothing)
		s.given(acme.Admin, helper.Member(acme.Tenant).ID, fabrikam.ID, "READ_ONLY", in{"days": 8})
		s.invites(acme, "late@example.com")
		s.requestedBy(contoso, "new@example.com")
		s.Later(30*day + time.Hour)
		s.sees(customersOf(helper))
		s.sees(customersOf(acme.Admin), "Fabrikam")
		s.sweeps()
		s.sweeps()
		s.sees(s.told("contoso@example.com"), "Relationship with Acme ended")
		s.sees(s.told("fabrikam@example.com"), "Access of Acme to Fabrikam ends in 3 days")
		s.sees(s.told("helper@example.com"), "Access of Helper Smith to Fabrikam has ended")
		s.is("Acme's mails", len(s.told("acme@example.com")), 3)
		s.sees(s.clockwork(), "relationship.expired", "relationship.ending", "assignment.expired", "invitation.expired", "access_request.expired")
	})
}

// requestedBy lets somebody wait for a decision of a company.
func (s scene) requestedBy(c *testworld.Company, email string) {
	s.Helper()
	s.proves(s.signsUp(s.invitesAll(c, "VALIDATE_AND_APPROVE"), email))
}

// TestOneMailForManyEnds saves access for hundreds of customers in one go: whoever hears of its end hears of it once.
func TestOneMailForManyEnds(t *testing.T) {
	eachScene(t, func(s scene) {
		const many = 40
		acme := s.NewPartner("Acme")
		tech := s.TechPartner(acme, "Wirers", "INTEGRATOR")
		var ids []string
		for i := range many {
			c := s.Customer(fmt.Sprintf("Customer %02d", i))
			s.Manages(acme, c)
			ids = append(ids, c.ID)
		}
		s.does(acme.Admin, "setAssignedCustomers", in{"partnerId": tech.Partner.ID, "roleKey": "READ_ONLY", "assign": ids, "accessPeriod": in{"days": 10}})
		s.after(4 * day)
		want := []string{"40 accesses end soon"}
		for _, email := range []string{"acme@example.com", "wirers@example.com"} {
			s.sees(s.told(email), want...)
		}
		mails := s.Mails("wirers@example.com")
		text := mails[len(mails)-1].Text
		s.is("listed", strings.Count(text, "Wirers to Customer"), 10)
		s.after(7 * day)
		for _, email := range []string{"acme@example.com", "wirers@example.com"} {
			s.sees(s.told(email), append(want, want[0], "40 accesses have ended")...)
		}
		s.is("recorded", s.read("SELECT COUNT(*) FROM assignments WHERE status='EXPIRED'")[0], fmt.Sprint(many))
		s.is("events", len(s.clockwork()), 3*many)
	})
}

// TestSixteenSweepAtOnce has everything due at the same moment as many programs look.
func TestSixteenSweepAtOnce(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		acme.Admin.Widen()
		for i := range 6 {
			c := s.Customer(fmt.Sprintf("Customer %d", i))
			id := s.endsOn(acme, c, "ADMINISTRATOR", 10)
			helper := s.Staff(acme, fmt.Sprintf("helper%d", i), testworld.Nothing)
			s.given(acme.Admin, helper.Member(acme.Tenant).ID, c.ID, "READ_ONLY", in{"days": 5})
			if i%2 == 0 {
				s.does(c.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 30})
			}
			s.invites(acme, fmt.Sprintf("late%d@example.com", i))
		}
		for range 12 {
			s.Later(day + time.Minute)
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					if err := s.Service.Sweep(context.Background()); err != nil {
						s.Error(err)
					}
				})
			}
			all.Wait()
		}
		count := make(map[string]int)
		for _, action := range s.clockwork() {
			count[action]++
		}
		s.is("events", count, map[string]int{"assignment.ending": 6, "assignment.expired": 6, "relationship.ending": 6, "relationship.extended": 3,
			"relationship.expired": 3, "invitation.expired": 6})
		n, err := s.Write.OutboxMessage.Query().Where(outboxmessage.KindHasPrefix("access."), outboxmessage.RecipientCanonicalHasPrefix("customer")).Count(s.System())
		s.must(err)
		s.is("mails to customers", n, 6+3+3)
		s.is("due", s.behind(), []string(nil))
	})
}

// TestAnEndThatAWriteComesUpon has a customer look for its next partner before any sweep.
func TestAnEndThatAWriteComesUpon(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 5)
		s.Later(5 * day)
		before := s.events()
		s.asks(contoso.Admin, "invitePartner", in{"tenantId": contoso.ID, "code": blue.Partner.Code, "roleKey": "READ_ONLY"}).OK()
		s.is("events beside those of the clock", s.events()-before, 1)
		s.sees(s.clockwork(), "relationship.expired")
		s.sees(s.read("SELECT status FROM relationships WHERE id='"+id+"'"), "EXPIRED")
		s.sees(s.told("acme@example.com"))
		s.sweeps()
		s.sees(s.told("acme@example.com"), "Relationship with Contoso ended")
		s.sees(s.told("contoso@example.com"), "Relationship with Acme ended")
		s.sees(s.clockwork(), "relationship.expired")
	})
}

// TestRowsOfAnOlderProgram has rows as a migration, and servers of the program before it, leave them.
func TestRowsOfAnOlderProgram(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		for name, days := range map[string]int{"Soon": 40, "Late": 90, "Gone": 60} {
			id := s.endsOn(acme, s.Customer(name), "ADMINISTRATOR", days)
			s.must(s.Write.Relationship.UpdateOneID(id).SetDueAt(s.Now()).Exec(s.System()))
			if name == "Gone" {
				s.must(s.Write.Relationship.UpdateOneID(id).SetStatus("TERMINATED").ClearActiveCustomerID().Exec(s.System()))
			}
		}
		s.Later(20 * day)
		s.sweeps()
		s.sees(s.told("acme@example.com"), "Access of Acme to Soon ends in 20 days")
		s.sees(s.clockwork(), "relationship.ending")
		s.after(40 * day)
		s.sees(s.told("late@example.com"), "Access of Acme to Late ends in 30 days")
		s.sees(s.told("gone@example.com"))
	})
}
