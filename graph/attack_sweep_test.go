package graph_test

import (
	"context"
	"testing"
)

// TestAnEndThatMovesWhileItIsRecorded has a program whose clock was read just before the end move it while another one, which read
// its clock just after, is about to record it: one of the two holds, and not half of either.
func TestAnEndThatMovesWhileItIsRecorded(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		acme.Admin.Widen()
		id := s.endsOn(acme, contoso, "ADMINISTRATOR", 5)
		s.does(contoso.Admin, "extendRelationship", in{"id": id, "autoExtendDays": 30})
		s.Later(5 * day)
		moved := s.Now().AddDate(0, 0, 30)
		release := hold(s.T, s.World, "relationships", func(exec func(string, ...any)) {
			exec("UPDATE relationships SET ends_at=?, due_at=?, version=version+1", moved, moved.AddDate(0, 0, -1))
		})
		swept := make(chan error, 1)
		go func() { swept <- s.Service.Sweep(context.Background()) }()
		awaitWaiting(s.T, s.World, 1)
		release()
		s.must(<-swept)
		s.sees(s.read("SELECT status FROM relationships"), "ACTIVE")
		s.is("customers", customersOf(acme.Admin), []string{"Contoso"})
		s.sees(s.clockwork())
		s.sees(s.told("acme@example.com"))
	})
}
