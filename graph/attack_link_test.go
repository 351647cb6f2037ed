package graph_test

import (
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// TestForgedInviteLink: a link that shows one partner and holds the key of another one invites neither.
func TestForgedInviteLink(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, contoso := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Customer("Contoso")
		link := acme.Admin.Do("query($id: ID!) { tenant(id: $id) { partner { inviteLink } } }", testworld.Vars{"id": acme.ID}).OK().String("tenant.partner.inviteLink")
		invite := func(link string) in { return in{"inviteLink": link, "roleKey": "READ_ONLY"} }

		s.then("with another partner's ID", func(s scene) {
			forged := strings.Replace(link, acme.Partner.Code, blue.Partner.Code, 1)
			s.refused(contoso.Admin, "invitePartner", invite(forged), "PARTNER_NOT_FOUND at input.inviteLink")
		})
		s.then("with another partner's key", func(s scene) {
			forged := strings.Replace(link, acme.Partner.LinkKey, blue.Partner.LinkKey, 1)
			s.refused(contoso.Admin, "invitePartner", invite(forged), "PARTNER_NOT_FOUND at input.inviteLink")
		})
		s.then("with an ID of nobody's, or an empty one", func(s scene) {
			for _, code := range []string{"MND-0000-0000", ""} {
				forged := strings.Replace(link, acme.Partner.Code, code, 1)
				s.refused(contoso.Admin, "invitePartner", invite(forged), "PARTNER_NOT_FOUND at input.inviteLink")
			}
		})
		s.then("the real one works, however its ID is typed", func(s scene) {
			typed := strings.Replace(link, acme.Partner.Code, strings.ToLower(acme.Partner.Code), 1)
			a := s.does(contoso.Admin, "invitePartner", invite(typed))
			s.is("partner", a.At("invitePartner.invitation.partner.name"), "Acme")
		})
	})
}

// TestTextsThatDeceive: names that mail programs would make links of, and addresses that are written otherwise than they
// are compared.
func TestTextsThatDeceive(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		create := func(field, text string) in {
			input := in{"name": "New", "adminEmail": "new@example.com", "adminFirstName": "New", "adminLastName": "Person"}
			input[field] = text
			return input
		}
		_, token := s.invites(acme, "nora@example.com")
		s.then("a name is no address on the web", func(s scene) {
			for _, name := range []string{"log in at www.evil.example", "WWW.evil.example", "evil.example/login", "http://x", "Acme https://evil.example"} {
				for _, field := range []string{"name", "adminFirstName", "adminLastName", "accountNumber"} {
					s.refused(acme.Admin, "createCustomer", create(field, name), "INVALID at input."+field)
				}
				s.refused(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": name, "permissions": levels()}, "INVALID at input.name")
				account := in{"tenantName": name, "firstName": "Nora", "lastName": "New", "password": testworld.Password}
				s.refused(s.Stranger(), "acceptInvitation", in{"token": token, "newAccount": account}, "INVALID at input.newAccount.tenantName")
			}
		})
		s.then("a name may have dots and strokes", func(s scene) {
			for _, name := range []string{"St. Mary/Joseph", "A/S Denmark", "Example.com", "wwwhere?", "a.b"} {
				s.does(acme.Admin, "createCustomer", create("name", name))
			}
		})
		s.then("an address is written to as it is compared", func(s scene) {
			for typed, folded := range map[string]string{
				"u@exam\ufe0fple.com": "u@example.com", "v@ｅｘａｍｐｌｅ.com": "v@example.com", "w@BÜCHER.example": "w@bücher.example",
			} {
				a := s.does(acme.Admin, "inviteCustomer", in{"email": typed})
				s.is("answered", a.At("inviteCustomer.invitation.email"), folded)
				s.is("written to", s.read("SELECT recipient FROM outbox_messages WHERE recipient LIKE '"+folded[:2]+"%'"), []string{folded})
			}
		})
	})
}
