package graph_test

import (
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// TestT11AnInvitationIsForItsAddress: whoever has another one, however alike, gets nothing by the link or by the id, and does not
// learn whom it is for; a newcomer who follows it gets an account of the address that was invited, which opened the mail.
func TestT11AnInvitationIsForItsAddress(t *testing.T) {
	eachScene(t, func(s scene) {
		acme := s.NewPartner("Acme")
		id, token := s.invites(acme, "mike@example.com")
		s.then("the link tells nobody whose it is", func(s scene) {
			a := s.Stranger().Do(`query($t: String!) { invitationByToken(token: $t) { direction relationshipKind partner { name } customer { name }
				role { name } message expiresAt accessEndsAt accountNeeded } }`, testworld.Vars{"t": token}).OK()
			if a.At("invitationByToken") == nil || strings.Contains(a.Body, "mike") {
				s.Errorf("the preview is %s", a.Body)
			}
		})
		s.then("addresses that are alike are others", func(s scene) {
			for name, address := range map[string]string{
				"a tag": "mike+x@example.com", "a dot": "m.ike@example.com", "a domain below": "mike@mail.example.com", "a domain that begins so": "mike@example.com.evil.example",
				"a domain that ends so": "mike@evil-example.com", "a dash": "mike-@example.com", "no letter": "mik@example.com",
			} {
				other := s.Customer(name)
				s.must(s.Write.User.UpdateOneID(other.Admin.ID).SetEmail(address).SetEmailCanonical(address).Exec(s.System()))
				there := s.Bearer(s.signsIn(address))
				s.refused(there, "acceptInvitation", in{"token": token}, "INVITATION_INVALID at input")
				s.refused(there, "declineInvitation", in{"token": token}, "INVITATION_INVALID at input")
				s.refused(there, "acceptInvitation", in{"id": id}, "NOT_FOUND at input.id")
				a := there.Do("{ viewer { invitations(first: 9) { totalCount } } }", nil).OK()
				s.is("invitations of "+address, a.At("viewer.invitations.totalCount"), any(0.))
			}
		})
		s.then("a newcomer is whom it is for", func(s scene) {
			if api().Types["NewAccountInput"].Fields.ForName("email") != nil {
				s.Error("a newcomer chooses an address")
			}
			a := s.asks(s.Stranger(), "acceptInvitation", in{"token": token, "roleKey": "READ_ONLY",
				"newAccount": in{"tenantName": "Mike's", "firstName": "Mike", "lastName": "Miller", "password": testworld.Password}}).OK()
			mike := s.Bearer(a.String("acceptInvitation.token"))
			s.is("address", mike.Do("{ viewer { user { email } } }", nil).OK().At("viewer.user.email"), any("mike@example.com"))
			s.signsIn("mike@example.com")
		})
	})
}
