package graph_test

import (
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestCustomerInvitesPartner is the story of a customer that finds a partner, by its Partner ID.
func TestCustomerInvitesPartner(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		helper := s.Staff(acme, "helper", testworld.Nothing)
		var invitation, relationship string

		s.then("a Partner ID names a partner, in whatever case it is typed", func(s scene) {
			a := contoso.Admin.Do(`query($c: String!) { partnerByCode(code: $c) { name type code } }`,
				testworld.Vars{"c": " " + strings.ToLower(acme.Partner.Code)}).OK()
			s.is("partner", a.At("partnerByCode"), any(map[string]any{"name": "Acme", "type": "MSP", "code": acme.Partner.Code}))
			a = contoso.Admin.Do(`{ partnerByCode(code: "MND-0000-0000") { name } }`, nil).OK()
			s.is("nobody", a.At("partnerByCode"), nil)
		})
		s.then("an unknown one is not found", func(s scene) {
			s.refused(contoso.Admin, "invitePartner", in{"code": "MND-0000-0000", "roleKey": "ADMINISTRATOR"}, "PARTNER_NOT_FOUND at input.code")
			s.refused(contoso.Admin, "invitePartner", in{"roleKey": "ADMINISTRATOR"}, "REQUIRED at input.code")
			s.refused(contoso.Admin, "invitePartner", in{"code": acme.Partner.Code}, "REQUIRED at input.roleKey")
		})
		s.then("inviting tells the partner's administrators, and nothing is possible yet", func(s scene) {
			a := s.does(contoso.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "ADMINISTRATOR", "message": "Please help."})
			invitation = a.String("invitePartner.invitation.id")
			s.is("channel", a.At("invitePartner.invitation.channel"), "PARTNER_ID")
			s.is("direction", a.At("invitePartner.invitation.direction"), "CUSTOMER_TO_PARTNER")
			s.is("may accept", a.At("invitePartner.invitation.viewerCanAccept"), false)
			mails := s.Mails("acme@example.com")
			if len(mails) != 1 || !strings.Contains(mails[0].Text, testworld.PublicURL+"/invitation?id="+invitation) ||
				!strings.Contains(mails[0].Text, "Please help.") {
				t.Errorf("mails: %v", mails)
			}
			s.is("mails to others", len(s.read("SELECT id FROM outbox_messages")), 1)
			s.sees(customersOf(acme.Admin))
			s.is("reached", reaches(acme.Admin, contoso.ID), false)
		})
		s.then("the customer's page shows the partner's name and where the invitation stands", func(s scene) {
			a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { invitations(first: 10) { nodes { status partner { name } } } } }`,
				testworld.Vars{"id": contoso.ID}).OK()
			s.is("page", a.At("tenant.invitations.nodes"), any([]any{map[string]any{"status": "PENDING", "partner": map[string]any{"name": "Acme"}}}))
		})
		s.then("only who decides about partners there answers it", func(s scene) {
			s.refused(helper, "acceptInvitation", in{"id": invitation}, "NOT_FOUND at input.id")
			s.refused(s.Customer("Fabrikam").Admin, "acceptInvitation", in{"id": invitation}, "NOT_FOUND at input.id")
			s.forbidden(contoso.Admin, "acceptInvitation", in{"id": invitation})
			s.forbidden(s.Staff(acme, "reader", testworld.Role("READ_ONLY")), "acceptInvitation", in{"id": invitation})
			a := s.asks(s.Stranger(), "acceptInvitation", in{"id": invitation})
			s.sees(a.Errors(), "UNAUTHENTICATED at acceptInvitation")
		})
		s.then("the partner accepts", func(s scene) {
			a := s.does(acme.Admin, "acceptInvitation", in{"id": invitation})
			relationship = a.String("acceptInvitation.relationship.id")
			s.is("kind", a.At("acceptInvitation.relationship.kind"), "CUSTOMER_DESIGNATED")
			s.sees(customersOf(acme.Admin), "Contoso")
			s.sees(customersOf(helper))
			s.is("told", len(s.Mails("contoso@example.com")), 1)
		})
		s.then("the partner gives its own staff access, at most what both role and ceiling allow", func(s scene) {
			s.is("helper's level", level(s, helper, contoso.ID, "TENANT"), "")
			member := helper.Member(acme.Tenant).ID
			a := s.does(acme.Admin, "assign", in{"granteeId": member, "tenantId": contoso.ID, "roleKey": "PHONE_MANAGER", "accessPeriod": in{"days": 7}})
			s.is("assigned", a.At("assign.assignment.status"), "ACTIVE")
			s.sees(customersOf(helper), "Contoso")
			s.is("tickets", level(s, helper, contoso.ID, "tickets"), "MANAGE")
			s.is("invoices", level(s, helper, contoso.ID, "invoices"), "NONE")
			s.is("users", level(s, helper, contoso.ID, "USERS"), "NONE")
			s.forbidden(helper, "activateService", in{"tenantId": contoso.ID})
			s.does(contoso.Admin, "narrowRelationship", in{"id": relationship, "roleKey": "READ_ONLY"})
			s.is("tickets under a lower ceiling", level(s, helper, contoso.ID, "tickets"), "VIEW")
			s.does(contoso.Admin, "widenRelationship", in{"id": relationship, "roleKey": "ADMINISTRATOR"})
			s.is("tickets under the old ceiling", level(s, helper, contoso.ID, "tickets"), "MANAGE")
		})
		s.then("a new assignment replaces the old one, and either side takes it back", func(s scene) {
			member := helper.Member(acme.Tenant).ID
			give := in{"granteeId": member, "tenantId": contoso.ID, "roleKey": "READ_ONLY"}
			old := s.does(acme.Admin, "assign", give).String("assign.assignment.id")
			s.is("tickets", level(s, helper, contoso.ID, "tickets"), "VIEW")
			s.forbidden(s.Staff(acme, "looker", testworld.Role("READ_ONLY")), "revokeAssignments", in{"ids": []string{old}})
			s.refused(s.Customer("Tailspin").Admin, "revokeAssignments", in{"ids": []string{old}}, "NOT_FOUND at input.ids.0")
			for _, side := range []*testworld.Person{acme.Admin, contoso.Admin} {
				id := s.does(acme.Admin, "assign", give).String("assign.assignment.id")
				s.is("reached", reaches(helper, contoso.ID), true)
				a := s.does(side, "revokeAssignments", in{"ids": []string{id}, "reason": "Done."})
				s.sees(a.Column("revokeAssignments.assignments", "status"), "REVOKED")
				s.is("reached", reaches(helper, contoso.ID), false)
				s.refused(side, "revokeAssignments", in{"ids": []string{id}}, "CONFLICT at input.ids.0")
			}
		})
		s.then("an assignment ends with its period, without anybody's doing", func(s scene) {
			s.does(acme.Admin, "assign", in{"granteeId": helper.Member(acme.Tenant).ID, "tenantId": contoso.ID, "roleKey": "READ_ONLY",
				"accessPeriod": in{"days": 1}})
			s.Later(24*time.Hour - time.Second)
			s.sees(customersOf(helper), "Contoso")
			s.Later(time.Second)
			s.sees(customersOf(helper))
			s.is("reached", reaches(helper, contoso.ID), false)
		})
		s.then("the customer revokes; the old invitation cannot be revived, a new one is needed", func(s scene) {
			s.does(contoso.Admin, "terminateRelationship", in{"id": relationship})
			s.sees(customersOf(acme.Admin))
			s.refused(acme.Admin, "acceptInvitation", in{"id": invitation}, "INVITATION_NOT_PENDING at input.id")
			s.refused(contoso.Admin, "resendInvitation", in{"id": invitation}, "INVITATION_NOT_PENDING at input.id")
			s.refused(contoso.Admin, "revokeInvitation", in{"id": invitation}, "INVITATION_NOT_PENDING at input.id")
			for _, side := range []*testworld.Person{acme.Admin, contoso.Admin} {
				s.refused(side, "terminateRelationship", in{"id": relationship}, "RELATIONSHIP_NOT_ACTIVE at input.id")
				s.refused(side, "resumeRelationship", in{"id": relationship}, "RELATIONSHIP_NOT_ACTIVE at input.id")
				s.refused(side, "widenRelationship", in{"id": relationship, "roleKey": "PRIME_ADMIN"}, "RELATIONSHIP_NOT_ACTIVE at input.id")
			}
			again := s.does(contoso.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
			s.does(acme.Admin, "acceptInvitation", in{"id": again})
			s.sees(customersOf(acme.Admin), "Contoso")
		})
	})
}

func TestCustomerInvitesByLink(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		linkOf := func(p *testworld.Person) *testworld.Answer {
			return p.Do("query($id: ID!) { tenant(id: $id) { partner { inviteLink } } }", testworld.Vars{"id": acme.ID})
		}
		old := linkOf(acme.Admin).OK().String("tenant.partner.inviteLink")
		if !strings.HasPrefix(old, testworld.PublicURL+"/join?") {
			t.Errorf("the link leads elsewhere: %s", old)
		}
		var invitation string

		s.then("the link is for those who manage partners", func(s scene) {
			reader := s.Staff(acme, "reader", testworld.Role("READ_ONLY"))
			a := linkOf(reader)
			s.sees(a.Errors(), "FORBIDDEN at tenant.partner.inviteLink")
			s.is("link", a.At("tenant.partner.inviteLink"), nil)
			s.forbidden(reader, "rotateInviteLink", in{"partnerId": acme.Partner.ID})
		})
		s.then("a rotated link is dead, and the new one lives", func(s scene) {
			link := s.does(acme.Admin, "rotateInviteLink", in{"partnerId": acme.Partner.ID}).String("rotateInviteLink.partner.inviteLink")
			s.refused(contoso.Admin, "invitePartner", in{"inviteLink": old, "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.inviteLink")
			s.refused(contoso.Admin, "invitePartner", in{"inviteLink": "", "roleKey": "READ_ONLY"}, "PARTNER_NOT_FOUND at input.inviteLink")
			s.refused(contoso.Admin, "invitePartner", in{"inviteLink": link, "code": acme.Partner.Code, "roleKey": "READ_ONLY"}, "REQUIRED at input.code")
			a := s.does(contoso.Admin, "invitePartner", in{"inviteLink": link, "roleKey": "READ_ONLY"})
			invitation = a.String("invitePartner.invitation.id")
			s.is("channel", a.At("invitePartner.invitation.channel"), "INVITE_LINK")
		})
		s.then("a declined invitation shows its reason", func(s scene) {
			a := s.does(acme.Admin, "declineInvitation", in{"id": invitation, "reason": "We are fully booked."})
			s.is("status", a.At("declineInvitation.invitation.status"), "DECLINED")
			a = contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { invitations(first: 10) { nodes { status declineReason viewerCanRevoke } } } }`,
				testworld.Vars{"id": contoso.ID}).OK()
			s.is("invitations", a.At("tenant.invitations.nodes"), any([]any{map[string]any{
				"status": "DECLINED", "declineReason": "We are fully booked.", "viewerCanRevoke": false}}))
			mails := s.Mails("contoso@example.com")
			if len(mails) != 1 || !strings.Contains(mails[0].Text, "We are fully booked.") {
				t.Errorf("mails: %v", mails)
			}
			s.refused(acme.Admin, "acceptInvitation", in{"id": invitation}, "INVITATION_NOT_PENDING at input.id")
			s.sees(customersOf(acme.Admin))
		})
		s.then("an invitation taken back cannot be accepted", func(s scene) {
			id := s.does(contoso.Admin, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "READ_ONLY"}).String("invitePartner.invitation.id")
			s.forbidden(acme.Admin, "revokeInvitation", in{"id": id})
			s.does(contoso.Admin, "revokeInvitation", in{"id": id})
			s.refused(acme.Admin, "acceptInvitation", in{"id": id}, "INVITATION_NOT_PENDING at input.id")
		})
		s.then("only the partner itself rotates its link", func(s scene) {
			s.refused(contoso.Admin, "rotateInviteLink", in{"partnerId": acme.Partner.ID}, "NOT_FOUND at input.partnerId")
			s.refused(s.NewPartner("Blue").Admin, "rotateInviteLink", in{"partnerId": acme.Partner.ID}, "NOT_FOUND at input.partnerId")
		})
	})
}

func TestSenderMustStillHoldWhatWasOffered(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		buyer := s.Staff(contoso, "buyer", testworld.Role("DECISION_MAKER"))
		id := s.does(buyer, "invitePartner", in{"code": acme.Partner.Code, "roleKey": "ADMINISTRATOR"}).String("invitePartner.invitation.id")
		s.does(contoso.Admin, "changeRole", in{"memberId": buyer.Member(contoso.Tenant).ID, "roleKey": "READ_ONLY"})
		s.refused(acme.Admin, "acceptInvitation", in{"id": id}, "ROLE_EXCEEDS_GRANT at input")
		s.does(contoso.Admin, "changeRole", in{"memberId": buyer.Member(contoso.Tenant).ID, "roleKey": "DECISION_MAKER"})
		s.does(acme.Admin, "acceptInvitation", in{"id": id})
	})
}
