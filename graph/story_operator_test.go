package graph_test

import (
	"testing"

	"mandate/internal/testworld"
)

// TestPartnerOfRecord is the story of a customer that its partner created.
func TestPartnerOfRecord(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, operator := s.NewPartner("Acme"), s.Operator()
		var customer, relationship string
		var admin *testworld.Person

		s.then("the partner creates the customer, and its administrator gets a welcome link", func(s scene) {
			a := s.does(acme.Admin, "createCustomer", in{"name": "Contoso", "adminEmail": "ada@example.com", "adminFirstName": "Ada",
				"adminLastName": "Byron", "accountNumber": "C-1", "tags": []string{"north"}, "address": in{"city": "Kiel", "country": "de"}})
			customer, relationship = a.String("createCustomer.tenant.id"), a.String("createCustomer.relationship.id")
			s.is("kind", a.At("createCustomer.relationship.kind"), "PARTNER_OF_RECORD")
			s.sees(customersOf(acme.Admin), "Contoso")
			s.is("mail", s.Mails("ada@example.com")[0].Kind, "member.welcome")
			s.refused(s.Stranger(), "signIn", in{"email": "ada@example.com", "password": testworld.Password}, "CREDENTIALS_INVALID at input")
			s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("ada@example.com"), "newPassword": testworld.Password})
			admin = s.person("ada@example.com")
			a = admin.Do(`query($id: ID!) { tenant(id: $id) { accountNumber tags address { city country } members(first: 9) { nodes { name administrator } } } }`,
				testworld.Vars{"id": customer}).OK()
			s.is("customer", a.At("tenant"), any(map[string]any{"accountNumber": "C-1", "tags": []any{"north"},
				"address": map[string]any{"city": "Kiel", "country": "DE"},
				"members": map[string]any{"nodes": []any{map[string]any{"name": "Ada Byron", "administrator": true}}}}))
		})
		s.then("the customer neither ends nor suspends it, nor hands over", func(s scene) {
			s.refused(admin, "terminateRelationship", in{"id": relationship}, "RELATIONSHIP_NOT_TERMINABLE at input.id")
			s.refused(admin, "terminateRelationship", in{"id": relationship, "dryRun": true}, "RELATIONSHIP_NOT_TERMINABLE at input.id")
			s.refused(admin, "suspendRelationship", in{"id": relationship}, "RELATIONSHIP_NOT_TERMINABLE at input.id")
			s.refused(admin, "narrowRelationship", in{"id": relationship, "endsAt": s.Now().AddDate(0, 1, 0)}, "RELATIONSHIP_NOT_TERMINABLE at input.endsAt")
			_, token := s.invites(s.NewPartner("Blue"), "ada@example.com")
			s.refused(admin, "acceptInvitation", in{"token": token, "replaceCurrent": true}, "RELATIONSHIP_NOT_TERMINABLE at input.id")
			a := admin.Do(`query($id: ID!) { tenant(id: $id) { relationship { viewerCanTerminate viewerCanSuspend viewerCanNarrow } } }`,
				testworld.Vars{"id": customer}).OK()
			s.is("abilities", a.At("tenant.relationship"), any(map[string]any{"viewerCanTerminate": false, "viewerCanSuspend": false, "viewerCanNarrow": true}))
		})
		s.then("the customer narrows it to Read-Only at most", func(s scene) {
			s.refused(admin, "narrowRelationship", in{"id": relationship, "roleKey": "PHONE_MANAGER"}, "RELATIONSHIP_NOT_TERMINABLE at input.roleKey")
			s.refused(admin, "narrowRelationship", in{"id": relationship, "roleKey": "GUEST_MANAGER"}, "RELATIONSHIP_NOT_TERMINABLE at input.roleKey")
			s.does(admin, "narrowRelationship", in{"id": relationship, "roleKey": "READ_ONLY"})
			s.is("profile", level(s, acme.Admin, customer, "TENANT"), "VIEW")
		})
		s.then("once the partner is no longer recognised, the customer may leave", func(s scene) {
			s.does(operator.Admin, "recognizePartner", in{"id": acme.Partner.ID, "recognized": false})
			s.refused(acme.Admin, "createCustomer", in{"name": "Late", "adminEmail": "late@example.com", "adminFirstName": "L", "adminLastName": "T"},
				"PARTNER_PERMISSION_REQUIRED at input")
			s.sees(customersOf(acme.Admin), "Contoso")
			a := s.does(admin, "terminateRelationship", in{"id": relationship})
			s.is("by", a.At("terminateRelationship.relationship.endedBy"), "CUSTOMER")
			s.sees(customersOf(acme.Admin))
		})
	})
}

func TestOnlyPartnersAndOperatorCreateCustomers(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso"), s.Operator()
		input := func(more in) in {
			all := in{"name": "New", "adminEmail": "new@example.com", "adminFirstName": "New", "adminLastName": "Person"}
			for k, v := range more {
				all[k] = v
			}
			return all
		}
		s.then("the operator creates one without a partner", func(s scene) {
			a := s.does(operator.Admin, "createCustomer", input(nil))
			s.is("relationship", a.At("createCustomer.relationship"), nil)
			s.is("name", a.At("createCustomer.tenant.name"), "New")
			s.sees(customersOf(acme.Admin))
		})
		s.then("others do not", func(s scene) {
			s.refused(contoso.Admin, "createCustomer", input(nil), "PARTNER_PERMISSION_REQUIRED at input")
			s.refused(blue.Admin, "createCustomer", input(in{"partnerId": acme.Partner.ID}), "NOT_FOUND at input.partnerId")
			s.forbidden(operator.Admin, "createCustomer", input(in{"partnerId": acme.Partner.ID}))
			s.forbidden(s.Staff(acme, "reader", testworld.Role("READ_ONLY")), "createCustomer", input(nil))
			s.refused(s.Staff(operator, "clerk", testworld.Role("PRIME_ADMIN")), "createCustomer", input(nil), "PARTNER_PERMISSION_REQUIRED at input")
		})
		s.then("a member of two partners names one", func(s scene) {
			both := acme.Admin.Join(blue.Tenant, testworld.Administrator)
			s.refused(both, "createCustomer", input(nil), "REQUIRED at input.partnerId")
			s.does(both, "createCustomer", input(in{"partnerId": blue.Partner.ID}))
			s.sees(customersOf(blue.Admin), "New")
		})
		s.then("all that is wrong is said at once", func(s scene) {
			s.refused(blue.Admin, "createCustomer", input(in{"adminEmail": "nowhere", "tags": []string{"ok", "1st"}, "address": in{"country": "Germany"}, "name": ""}),
				"INVALID at input.adminEmail", "REQUIRED at input.name", "INVALID_TAG at input.tags.1", "INVALID at input.address.country")
			many := make([]string, 21)
			for i := range many {
				many[i] = "t" + string(rune('a'+i))
			}
			s.refused(blue.Admin, "createCustomer", input(in{"tags": many}), "TOO_MANY_TAGS at input.tags")
		})
	})
}

func TestOperatorRegistersAndRecognises(t *testing.T) {
	eachScene(t, func(s scene) {
		operator, contoso := s.Operator(), s.Customer("Contoso")
		var partner string
		var admin *testworld.Person
		input := in{"name": "Acme", "type": "RESELLER", "adminEmail": "pat@example.com", "adminFirstName": "Pat", "adminLastName": "Lee", "recognized": false}

		s.then("a partner is registered, with an administrator of its own", func(s scene) {
			a := s.does(operator.Admin, "registerPartner", input)
			partner = a.String("registerPartner.partner.id")
			s.is("recognised", a.At("registerPartner.partner.recognized"), false)
			s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("pat@example.com"), "newPassword": testworld.Password})
			admin = s.person("pat@example.com")
		})
		s.then("it invites nobody before it is recognised, and is not invited", func(s scene) {
			s.refused(admin, "inviteCustomer", in{"email": "contoso@example.com"}, "PARTNER_PERMISSION_REQUIRED at input")
			code := s.read("SELECT code FROM partners")[0]
			s.refused(contoso.Admin, "invitePartner", in{"code": code, "roleKey": "READ_ONLY"}, "PARTNER_PERMISSION_REQUIRED at input")
		})
		s.then("the operator recognises it, and it invites", func(s scene) {
			a := s.does(operator.Admin, "recognizePartner", in{"id": partner, "recognized": true})
			s.is("recognised", a.At("recognizePartner.partner.recognized"), true)
			s.does(admin, "inviteCustomer", in{"email": "contoso@example.com"})
		})
		s.then("recognition withdrawn stops acceptance, and granted again allows it", func(s scene) {
			token := s.lastToken("contoso@example.com")
			s.does(operator.Admin, "recognizePartner", in{"id": partner, "recognized": false})
			s.refused(contoso.Admin, "acceptInvitation", in{"token": token}, "PARTNER_PERMISSION_REQUIRED at input")
			s.does(operator.Admin, "recognizePartner", in{"id": partner, "recognized": true})
			s.does(contoso.Admin, "acceptInvitation", in{"token": token})
		})
		s.then("nobody but the operator's administrators does either", func(s scene) {
			clerk := s.Staff(operator, "clerk", testworld.Role("PRIME_ADMIN"))
			for _, p := range []*testworld.Person{clerk, admin, contoso.Admin} {
				s.forbidden(p, "registerPartner", input)
				s.forbidden(p, "recognizePartner", in{"id": partner, "recognized": false})
			}
			s.refused(operator.Admin, "recognizePartner", in{"id": contoso.ID, "recognized": true}, "NOT_FOUND at input.id")
			s.refused(operator.Admin, "registerPartner", in{"name": "x://y", "type": "MSP", "adminEmail": "a@b", "adminFirstName": "", "adminLastName": "L"},
				"REQUIRED at input.adminFirstName", "INVALID at input.adminEmail", "INVALID at input.name")
		})
		s.then("the list of tenants is the operator's alone", func(s scene) {
			list := func(p *testworld.Person) []string {
				return p.Do("{ tenants(first: 100) { totalCount nodes { name } } }", nil).OK().Column("tenants.nodes", "name")
			}
			s.sees(list(operator.Admin), "Acme", "Contoso", "Operator")
			s.sees(list(s.person("clerk@example.com")), "Acme", "Contoso", "Operator")
			s.sees(list(s.Staff(operator, "porter", testworld.Nothing)))
			s.sees(list(admin))
			s.sees(list(contoso.Admin))
			a := operator.Admin.Do("{ tenants(first: 100, filter: {kind: [PARTNER], search: \"ac\"}) { totalCount nodes { name } } }", nil).OK()
			s.is("found", a.At("tenants.totalCount"), 1.)
		})
	})
}
