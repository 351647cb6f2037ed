package graph_test

import (
	"testing"
	"time"
)

// TestEnteredSessionAndItsParent: the two are one person's work, and end together.
func TestEnteredSessionAndItsParent(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.connected(acme, contoso, "ADMINISTRATOR")
		status := func(token string) int { return s.Bearer(token).Do(me, nil).Status }
		enter := func(token string) string {
			return s.does(s.Bearer(token), "enterTenant", in{"tenantId": contoso.ID}).String("enterTenant.token")
		}
		s.then("one whose parent is idle is over", func(s scene) {
			own := s.signsIn("acme@example.com")
			s.Later(59 * time.Second) // too soon for the parent's use to be noted
			entered := enter(own)
			s.Later(29*time.Minute + time.Second) // the parent was last used half an hour ago, the entered one was not
			s.is("entered", status(entered), 401)
			s.is("own", status(own), 401)
		})
		s.then("using it keeps the parent alive", func(s scene) {
			own := s.signsIn("acme@example.com")
			entered := enter(own)
			for range 2 {
				s.Later(29 * time.Minute)
				s.is("entered", status(entered), 200)
			}
			s.Later(29 * time.Minute)
			s.is("entered, after its hour", status(entered), 401)
			s.is("own", status(own), 200)
		})
		s.then("using the parent does not keep an entered one alive that nobody uses", func(s scene) {
			own := s.signsIn("acme@example.com")
			entered := enter(own)
			for range 2 {
				s.Later(15 * time.Minute)
				s.is("own", status(own), 200)
			}
			s.is("entered", status(entered), 401)
		})
	})
}
