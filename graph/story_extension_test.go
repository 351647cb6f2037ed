package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// endsOn makes a customer that designated a partner until some days from now.
func (s scene) endsOn(p, c *testworld.Company, ceiling string, days int) (relationship string) {
	s.Helper()
	id := s.connected(p, c, ceiling)
	s.does(p.Admin, "narrowRelationship", in{"id": id, "endsAt": s.Now().AddDate(0, 0, days)})
	return id
}

// end reads when a relationship ends and by how many days that moves.
func (s scene) end(p *testworld.Person, id string) (endsAt time.Time, days any) {
	s.Helper()
	a := p.Do("query($id: ID!) { node(id: $id) { ... on Relationship { endsAt autoExtendDays } } }", testworld.Vars{"id": id}).OK()
	endsAt, err := time.Parse(time.RFC3339Nano, a.String("node.endsAt"))
	s.must(err)
	return endsAt, a.At("node.autoExtendDays")
}

func TestCustomerExtends(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 10)
		start := s.Now()
		day := func(n int) time.Time { return start.AddDate(0, 0, n) }

		s.then("a later end takes effect at once", func(s scene) {
			a := s.does(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": day(20)})
			s.is("offer", a.At("extendRelationship.invitation"), nil)
			end, days := s.end(acme.Admin, id)
			s.is("end", end, day(20))
			s.is("days", days, nil)
		})
		s.then("an end that is not later, or too far, is none", func(s scene) {
			for _, end := range []time.Time{day(20), day(5), day(731)} {
				s.refused(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": end}, "ACCESS_PERIOD_OUT_OF_RANGE at input.endsAt")
			}
			for _, days := range []int{-1, 731} {
				s.refused(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": days}, "ACCESS_PERIOD_OUT_OF_RANGE at input.autoExtendDays")
			}
			s.refused(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 0}, "ACCESS_PERIOD_OUT_OF_RANGE at input.autoExtendDays")
			s.refused(contoso.Admin, "extendRelationship", in{"id": id}, "REQUIRED at input.endsAt")
			s.refused(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": day(30), "version": 1}, "STALE_VERSION at input.version")
		})
		s.then("nobody consents to more than they hold", func(s scene) {
			decider := s.Staff(contoso, "decider", testworld.Custom(s.CustomRole(contoso.Tenant, "Decides", map[feature]accessLevel{"PARTNERS": manage})))
			s.refused(decider, "extendRelationship", in{"id": id, "endsAt": day(30)}, "ROLE_EXCEEDS_GRANT at input.endsAt")
			s.refused(decider, "extendRelationship", in{"id": id, "autoExtendDays": 30}, "ROLE_EXCEEDS_GRANT at input.autoExtendDays")
		})
		s.then("nobody but those who decide about partners", func(s scene) {
			s.forbidden(s.Operator().Admin, "extendRelationship", in{"id": id, "endsAt": day(30)})
			s.forbidden(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")), "extendRelationship", in{"id": id, "endsAt": day(30)})
			s.refused(s.Customer("Fabrikam").Admin, "extendRelationship", in{"id": id, "endsAt": day(30)}, "NOT_FOUND at input.id")
			s.forbidden(acme.Admin.Entered(contoso.ID), "extendRelationship", in{"id": id, "endsAt": day(30)})
		})
		s.then("an end that has passed is never revived", func(s scene) {
			s.does(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": day(25)})
			s.sees(customersOf(acme.Admin), "Contoso")
			s.Later(25 * 24 * time.Hour)
			s.sees(customersOf(acme.Admin))
			s.refused(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": day(40)}, "RELATIONSHIP_NOT_ACTIVE at input.id")
		})
	})
}

func TestWithoutAnEndThereIsNothingToExtend(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.connected(acme, contoso, "READ_ONLY")
		for _, p := range []*testworld.Person{contoso.Admin, acme.Admin} {
			s.refused(p, "extendRelationship", in{"id": id, "endsAt": s.Now().AddDate(0, 0, 30)}, "ACCESS_PERIOD_OUT_OF_RANGE at input.endsAt")
			s.refused(p, "extendRelationship", in{"id": id, "autoExtendDays": 30}, "ACCESS_PERIOD_OUT_OF_RANGE at input.autoExtendDays")
		}
	})
}

func TestPartnerOffersLaterEnd(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 10)
		start := s.Now()
		day := func(n int) time.Time { return start.AddDate(0, 0, n) }
		var offer string

		s.then("it is an offer, and changes nothing yet", func(s scene) {
			a := s.does(acme.Admin, "extendRelationship", in{"id": id, "endsAt": day(40), "autoExtendDays": 30})
			offer = a.String("extendRelationship.invitation.id")
			s.is("channel", a.At("extendRelationship.invitation.channel"), any("PARTNER_ID"))
			end, days := s.end(acme.Admin, id)
			s.is("end", end, day(10))
			s.is("days", days, nil)
			a = contoso.Admin.Do("query($id: ID!) { node(id: $id) { ... on Invitation { accessEndsAt autoExtendDays } } }", testworld.Vars{"id": offer}).OK()
			s.is("days asked for", a.At("node.autoExtendDays"), any(30.0))
			mails := s.Mails("contoso@example.com")
			last := mails[len(mails)-1]
			s.is("the customer is told", last.Kind, "relationship.offer")
			s.has(strings.Split(last.Text, "\n"), "Role asked for: Administrator", "Access would end: "+day(40).Format("2 January 2006, 15:04 UTC"), "The end would move by itself, each time by: 30 days")
			s.refused(acme.Admin, "extendRelationship", in{"id": id, "endsAt": day(50)}, "INVITATION_ALREADY_EXISTS at input")
			s.refused(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "PRIME_ADMIN"}, "INVITATION_ALREADY_EXISTS at input")
		})
		s.then("the partner does not accept it itself, nor anybody who holds less", func(s scene) {
			s.forbidden(acme.Admin, "acceptInvitation", in{"id": offer})
			decider := s.Staff(contoso, "decider", testworld.Custom(s.CustomRole(contoso.Tenant, "Decides", map[feature]accessLevel{"PARTNERS": manage})))
			s.refused(decider, "acceptInvitation", in{"id": offer}, "ROLE_EXCEEDS_GRANT at input.id")
		})
		s.then("accepted, it moves the end and leaves a ceiling that was narrowed meanwhile", func(s scene) {
			s.does(contoso.Admin, "narrowRelationship", in{"id": id, "roleKey": "READ_ONLY"})
			a := s.does(contoso.Admin, "acceptInvitation", in{"id": offer})
			s.is("ceiling", a.At("acceptInvitation.relationship.role.key"), any("READ_ONLY"))
			end, days := s.end(acme.Admin, id)
			s.is("end", end, day(40))
			s.is("days", days, any(30.0))
		})
		s.then("an offer that is no longer later is not accepted", func(s scene) {
			offer := s.does(acme.Admin, "extendRelationship", in{"id": id, "endsAt": day(45)}).String("extendRelationship.invitation.id")
			s.does(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": day(60)})
			s.refused(contoso.Admin, "acceptInvitation", in{"id": offer}, "ACCESS_PERIOD_OUT_OF_RANGE at input.id")
			s.does(contoso.Admin, "declineInvitation", in{"id": offer})
		})
		s.then("either side stops it at once", func(s scene) {
			a := s.does(acme.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 0})
			s.is("offer", a.At("extendRelationship.invitation"), nil)
			_, days := s.end(acme.Admin, id)
			s.is("days", days, nil)
			s.does(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 7})
			s.refused(acme.Admin, "extendRelationship", in{"id": id, "endsAt": day(90), "autoExtendDays": 0}, "INVALID at input.autoExtendDays")
			s.does(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": day(70), "autoExtendDays": 0})
			end, days := s.end(acme.Admin, id)
			s.is("end", end, day(70))
			s.is("days", days, nil)
		})
		s.then("a partner that is no longer recognised offers nothing", func(s scene) {
			s.must(s.Write.Partner.UpdateOneID(acme.Partner.ID).SetRecognized(false).Exec(s.System()))
			s.refused(acme.Admin, "extendRelationship", in{"id": id, "endsAt": day(90)}, "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(acme.Admin, "widenRelationship", in{"id": id, "roleKey": "ADMINISTRATOR"}, "PARTNER_PERMISSION_REQUIRED at input")
		})
	})
}

func TestEndMovesByItself(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 10)
		start := s.Now()
		day := func(n int) time.Time { return start.AddDate(0, 0, n) }
		s.does(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 30})

		s.then("not before its last day", func(s scene) {
			s.Later(9*24*time.Hour - time.Minute)
			s.does(contoso.Admin, "suspendRelationship", in{"id": id})
			end, _ := s.end(acme.Admin, id)
			s.is("end", end, day(10))
		})
		s.then("then once, and both sides are told; that it is suspended is no matter", func(s scene) {
			s.Later(2 * time.Minute)
			s.sweeps()
			s.sweeps()
			end, _ := s.end(acme.Admin, id)
			s.is("end", end, day(40))
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 2) { nodes { action changes { field before after } } } } }`, testworld.Vars{"id": contoso.ID}).OK()
			s.sees(a.Column("tenant.auditEvents.nodes", "action"), "relationship.extended", "relationship.suspended")
			s.is("changes", a.At("tenant.auditEvents.nodes.0.changes"), any([]any{map[string]any{"field": "endsAt", "before": "2026-12-01T12:00:00Z", "after": "2026-12-31T12:00:00Z"}}))
			s.sees(s.told("acme@example.com"), "Relationship with Contoso extended")
			s.sees(s.told("contoso@example.com"), "Relationship with Acme extended")
			s.does(contoso.Admin, "resumeRelationship", in{"id": id})
		})
		s.then("switched on in the last day, at once", func(s scene) {
			s.does(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 0})
			s.Later(30 * 24 * time.Hour)
			s.does(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 5})
			s.sweeps()
			end, _ := s.end(acme.Admin, id)
			s.is("end", end, day(45))
		})
		s.then("a nearer end is the end", func(s scene) {
			s.does(acme.Admin, "narrowRelationship", in{"id": id, "endsAt": s.Now().Add(time.Hour)})
			_, days := s.end(acme.Admin, id)
			s.is("days", days, nil)
			s.Later(time.Hour)
			s.sees(customersOf(acme.Admin))
		})
	})
}

func TestPartnerOfRecordIsExtended(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		id := s.Connect(acme, contoso, "ADMINISTRATOR", "PARTNER_OF_RECORD").ID
		s.does(acme.Admin, "narrowRelationship", in{"id": id, "endsAt": s.Now().AddDate(0, 0, 10)})
		s.does(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": s.Now().AddDate(0, 0, 20), "autoExtendDays": 10})
		s.refused(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 0}, "RELATIONSHIP_NOT_TERMINABLE at input.autoExtendDays")
		s.refused(contoso.Admin, "extendRelationship", in{"id": id, "endsAt": s.Now().AddDate(0, 0, 30), "autoExtendDays": 0}, "RELATIONSHIP_NOT_TERMINABLE at input.autoExtendDays")
		s.does(acme.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 0})
	})
}
