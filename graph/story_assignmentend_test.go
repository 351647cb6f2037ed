package graph_test

import (
	"testing"
	"time"

	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

// TestWhatRanOutIsNotTakenBack: whatever ends later what an assignment rested on, one that ran out by itself stays that.
func TestWhatRanOutIsNotTakenBack(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		nordic, fitter := s.TechPartner(acme, "Nordic", partner.TypeIntegrator), s.TechPartner(acme, "Fitter", partner.TypeInstaller)
		helper, second := s.Staff(acme, "helper", testworld.Nothing), s.Staff(acme, "second", testworld.Nothing)
		group := s.Group(acme, "Watch", systemRole(access.ReadOnly), helper)
		over := []string{
			s.given(acme.Admin, helper.Member(acme.Tenant).ID, fabrikam.ID, "READ_ONLY", days(1)),
			s.given(acme.Admin, second.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", days(1)),
			s.given(acme.Admin, group.ID, nordic.ID, "READ_ONLY", days(1)),
		}
		live := []string{
			s.given(acme.Admin, helper.Member(acme.Tenant).ID, contoso.ID, "READ_ONLY", days(9)),
			s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "READ_ONLY", nil),
			s.given(acme.Admin, group.ID, fitter.ID, "READ_ONLY", days(9)),
		}
		ended := func(s scene, id string) string {
			s.Helper()
			return s.read("SELECT status, ended_at IS NULL, open_key IS NULL, version FROM assignments WHERE id='" + id + "'")[0]
		}
		both := func(i int) func(s scene) {
			return func(s scene) {
				s.is("what ran out", ended(s, over[i]), "EXPIRED | 1 | 1 | 2")
				s.is("what was in force", ended(s, live[i]), "REVOKED | 0 | 1 | 2")
			}
		}
		s.Later(24 * time.Hour)
		s.does(acme.Admin, "removeMembers", in{"tenantId": acme.ID, "ids": placesOf(acme, helper)})
		s.then("when the member leaves", both(0))
		s.does(contoso.Admin, "terminateRelationship", in{"id": bond})
		s.then("when the relationship ends", both(1))
		s.does(acme.Admin, "deletePrivilegeGroup", in{"id": group.ID})
		s.then("when the group is deleted", both(2))
		s.then("and the trail tells of what was in force only", func(s scene) {
			s.sees(changed(acme.Admin, acme.ID, "privilege_group.deleted"), "Watch; delegation: Fitter > <nil>")
		})
	})
}

// TestOnePairAtATime: assignments are taken back of one granting partner and one tenant, all or none, and every row says why not.
func TestOnePairAtATime(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, fabrikam, tailspin := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Customer("Fabrikam"), s.Customer("Tailspin")
		s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		s.connected(blue, tailspin, "ADMINISTRATOR")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		helper, second := s.Staff(acme, "helper", testworld.Nothing).Member(acme.Tenant).ID, s.Staff(acme, "second", testworld.Nothing).Member(acme.Tenant).ID
		fitter := s.Staff(nordic, "fitter", testworld.Nothing).Member(nordic.Tenant).ID
		hidden := s.given(blue.Admin, s.Staff(blue, "other", testworld.Nothing).Member(blue.Tenant).ID, tailspin.ID, "READ_ONLY", nil)
		one, two := s.given(acme.Admin, helper, contoso.ID, "READ_ONLY", nil), s.given(acme.Admin, second, contoso.ID, "READ_ONLY", nil)
		whole := s.given(acme.Admin, nordic.Partner.ID, contoso.ID, "READ_ONLY", nil)
		own := s.given(nordic.Admin, fitter, contoso.ID, "READ_ONLY", nil)
		elsewhere, over := s.given(acme.Admin, helper, fabrikam.ID, "READ_ONLY", nil), s.given(acme.Admin, second, fabrikam.ID, "READ_ONLY", days(1))
		s.Later(24 * time.Hour)
		back := func(ids ...string) in { return in{"ids": ids} }

		s.then("of two customers", func(s scene) {
			s.refused(acme.Admin, "revokeAssignments", back(one, elsewhere, two), "INVALID at input.ids.1")
		})
		s.then("of two partners", func(s scene) {
			s.refused(contoso.Admin, "revokeAssignments", back(whole, own), "INVALID at input.ids.1")
		})
		s.then("hidden, over, named twice, and there", func(s scene) {
			s.refused(acme.Admin, "revokeAssignments", back(hidden, over, one, one, "asg_x", hidden),
				"NOT_FOUND at input.ids.0", "CONFLICT at input.ids.1", "CONFLICT at input.ids.3", "NOT_FOUND at input.ids.4", "CONFLICT at input.ids.5")
			s.refused(blue.Admin, "revokeAssignments", back(one, two), "NOT_FOUND at input.ids.0", "NOT_FOUND at input.ids.1")
		})
		s.then("of one pair all go at once", func(s scene) {
			a := s.does(contoso.Admin, "revokeAssignments", back(two, whole, one))
			s.sees(a.Column("revokeAssignments.assignments", "id"), two, whole, one)
			s.sees(s.read("SELECT id FROM assignments WHERE tenant_id='" + contoso.ID + "' AND open_key IS NOT NULL"))
		})
	})
}
