package graph_test

import (
	"strings"
	"testing"

	"mandate/ent/outboxmessage"
	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

// TestWhoHearsThatAnInvitationIsTakenBack: whoever got it, and nobody else.
func TestWhoHearsThatAnInvitationIsTakenBack(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.then("the address that was mailed", func(s scene) {
			id, _ := s.invites(acme, "ada@example.com")
			s.does(acme.Admin, "revokeInvitation", in{"id": id})
			s.sees(s.kinds("ada@example.com"), "invitation", "invitation.revoked")
			m := s.Mails("ada@example.com")[1]
			s.is("it tells who invited", strings.Contains(m.Text, "Acme"), true)
			s.is("it is a secret", m.Secret, false)
		})
		s.then("not one that the invitation never got to", func(s scene) {
			id, _ := s.invites(acme, "bea@example.com")
			s.must(s.Write.OutboxMessage.Update().Where(outboxmessage.InvitationID(id)).SetStatus(outboxmessage.StatusDead).Exec(s.System()))
			s.does(acme.Admin, "revokeInvitation", in{"id": id})
			s.sees(s.kinds("bea@example.com"), "invitation")
		})
		s.then("not one that wants no mails of the partner", func(s scene) {
			_, token := s.invites(acme, "cleo@example.com")
			s.does(s.Stranger(), "declineInvitation", in{"token": token})
			id := s.does(acme.Admin, "inviteCustomer", in{"partnerId": acme.Partner.ID, "email": "cleo@example.com"}).String("inviteCustomer.invitation.id")
			s.does(acme.Admin, "revokeInvitation", in{"id": id})
			s.sees(s.kinds("cleo@example.com"), "invitation")
		})
		s.then("the partner's administrators, when a customer takes it back", func(s scene) {
			id := s.does(contoso.Admin, "invitePartner", in{"tenantId": contoso.ID, "code": acme.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
			s.does(contoso.Admin, "revokeInvitation", in{"id": id})
			kinds := s.kinds("acme@example.com")
			s.sees(kinds[len(kinds)-2:], "invitation.received", "invitation.revoked")
		})
		s.then("the customer's administrators, when a partner takes an offer back", func(s scene) {
			rel := s.Connect(acme, contoso, "READ_ONLY", relationship.KindCustomerDesignated).ID
			id := s.does(acme.Admin, "widenRelationship", in{"id": rel, "roleKey": "ADMINISTRATOR"}).String("widenRelationship.invitation.id")
			s.does(acme.Admin, "revokeInvitation", in{"id": id})
			s.sees(s.kinds("contoso@example.com"), "relationship.offer", "invitation.revoked")
		})
	})
}

// TestWhoHearsOfATenantsState: its administrators, by whom and why.
func TestWhoHearsOfATenantsState(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		s.Connect(acme, contoso, "ADMINISTRATOR", relationship.KindPartnerOfRecord)
		s.Staff(contoso, "clerk", testworld.Nothing)
		last := func(parts ...string) {
			s.Helper()
			mails := s.Mails("contoso@example.com")
			for _, part := range parts {
				if m := mails[len(mails)-1]; !strings.Contains(m.Text, part) {
					s.Errorf("%s does not tell %q:\n%s", m.Kind, part, m.Text)
				}
			}
		}
		s.does(acme.Admin, "suspendTenant", in{"id": contoso.ID, "reason": "Two invoices are unpaid."})
		last("Contoso was suspended by Acme", "> Two invoices are unpaid.")
		s.does(operator.Admin, "reactivateTenant", in{"id": contoso.ID})
		last("Contoso was reactivated by Mandate")
		s.does(contoso.Admin, "deleteTenant", in{"id": contoso.ID})
		last("Contoso was deleted by ", "Your account stays")
		s.sees(s.kinds("contoso@example.com"), "tenant.suspended", "tenant.reactivated", "tenant.deleted")
		s.sees(s.kinds("clerk@example.com"))
	})
}
