package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"mandate/ent/partner"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

const (
	delegateSome = `mutation($t: ID!, $m: [MspDelegationInput!]!, $g: [ID!]!) { setMspDelegations(input: {tenantId: $t, members: $m, privilegeGroupIds: $g}) { assignments { id } userErrors { code field } } }`
	takeIn       = `mutation($id: ID!, $m: [ID!]) { updatePrivilegeGroup(input: {id: $id, addMemberIds: $m}) { privilegeGroup { id } userErrors { code field } } }`
)

// openTo lists to whom assignments to a tenant are open.
func openTo(s scene, tenantID string) []string {
	s.Helper()
	return s.read("SELECT grantee_id FROM assignments WHERE open_key IS NOT NULL AND tenant_id='" + tenantID + "'")
}

// TestCustomersAreSavedForATechPartnerThatGoes: however the two meet, nothing is left of it.
func TestCustomersAreSavedForATechPartnerThatGoes(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := scene{t, testworld.New(t, url)}
		acme := s.NewPartner("Acme")
		var customers []string
		for n := range 4 {
			c := s.Customer(fmt.Sprint("Customer ", n))
			s.Manages(acme, c)
			customers = append(customers, c.ID)
		}
		for round := range 6 {
			nordic := s.TechPartner(acme, fmt.Sprint("Nordic ", round), partner.TypeIntegrator)
			s.asks(acme.Admin, "setAssignedCustomers", in{"partnerId": nordic.Partner.ID, "assign": customers[:2], "roleKey": "READ_ONLY"}).OK()
			before := events(t, s.World)
			gone := ask{[]*testworld.Person{acme.Admin, nordic.Admin}[round%2], deleteOne, vars{"id": nordic.ID}}
			outcomes := race(ask{acme.Admin, saveSome, vars{"p": nordic.Partner.ID, "a": customers[1:], "u": customers[:1], "r": "READ_ONLY"}}, gone)
			if outcomes[1] != "OK" || outcomes[0] != "OK" && outcomes[0] != "NOT_FOUND at input.partnerId" {
				t.Errorf("round %d: %v", round, outcomes)
			}
			expectEvents(t, s.World, before, outcomes)
			expectSoundAssignments(t, s.World)
			s.sees(s.read("SELECT id FROM assignments WHERE open_key IS NOT NULL AND grantee_id='" + nordic.Partner.ID + "'"))
		}
	})
}

// TestCustomersAreSavedWhileOneLeaves: all are saved, or none; and nobody is left where the relationship ended.
func TestCustomersAreSavedWhileOneLeaves(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := scene{t, testworld.New(t, url)}
		acme := s.NewPartner("Acme")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		for round := range 6 {
			stays, leaves := s.Customer(fmt.Sprint("Stays ", round)), s.Customer(fmt.Sprint("Leaves ", round))
			s.Manages(acme, stays)
			bond := s.Manages(acme, leaves)
			before := events(t, s.World)
			outcomes := race(
				ask{acme.Admin, saveSome, vars{"p": nordic.Partner.ID, "a": []string{stays.ID, leaves.ID}, "r": "READ_ONLY"}},
				ask{[]*testworld.Person{leaves.Admin, acme.Admin}[round%2], endOne, vars{"id": bond.ID}})
			expectEvents(t, s.World, before, outcomes)
			expectSoundAssignments(t, s.World)
			s.sees(openTo(s, leaves.ID))
			switch {
			case outcomes[1] != "OK":
				t.Errorf("round %d: the end: %s; want OK", round, outcomes[1])
			case outcomes[0] == "OK":
				s.sees(openTo(s, stays.ID), nordic.Partner.ID)
			case outcomes[0] == "NOT_FOUND at input.assign.1":
				s.sees(openTo(s, stays.ID))
			default:
				t.Errorf("round %d: the save: %s; want OK, or that it came too late", round, outcomes[0])
			}
		}
	})
}

// TestDelegationsAreSavedTwiceAtOnce: what is left is what one of them named, whole.
func TestDelegationsAreSavedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := scene{t, testworld.New(t, url)}
		acme := s.NewPartner("Acme")
		nordic := s.TechPartner(acme, "Nordic", partner.TypeIntegrator)
		admins := []*testworld.Person{acme.Admin, s.Staff(acme, "second", testworld.Administrator)}
		people := placesOf(acme, s.Staff(acme, "anna", testworld.Nothing), s.Staff(acme, "bert", testworld.Nothing), s.Staff(acme, "carl", testworld.Nothing))
		watch := s.asks(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Watch", "scope": "SPECIFIC_CUSTOMERS", "roleKey": "READ_ONLY"}).
			OK().String("createPrivilegeGroup.privilegeGroup.id")
		save := func(by int, role string, groups []string, members ...string) ask {
			rows := []in{}
			for _, m := range members {
				rows = append(rows, in{"memberId": m, "roleKey": role})
			}
			return ask{admins[by], delegateSome, vars{"t": nordic.ID, "m": rows, "g": groups}}
		}
		var outcomes []string
		for range 6 {
			before := events(t, s.World)
			two := race(save(0, "READ_ONLY", []string{}, people[:2]...), save(1, "ADMINISTRATOR", []string{watch}, people[1:]...))
			expectEvents(t, s.World, before, two)
			outcomes = append(outcomes, two...)
			left, first, second := openTo(s, nordic.ID), slices.Sorted(slices.Values(people[:2])), slices.Sorted(slices.Values(append([]string{watch}, people[1:]...)))
			if !slices.Equal(left, first) && !slices.Equal(left, second) {
				t.Errorf("%v are left; want %v or %v", left, first, second)
			}
			s.does(acme.Admin, "setMspDelegations", in{"tenantId": nordic.ID, "members": []in{}, "privilegeGroupIds": []string{}}) // or a save may change nothing
		}
		expectTally(t, outcomes, map[string]int{"OK": 12})

		outcomes = race(save(0, "READ_ONLY", []string{}, people[2]), ask{admins[1], deleteOne, vars{"id": nordic.ID}})
		if outcomes[1] != "OK" || outcomes[0] != "OK" && outcomes[0] != "NOT_FOUND at input.tenantId" {
			t.Errorf("while the tech partner goes: %v", outcomes)
		}
		s.sees(openTo(s, nordic.ID))
		expectSound(t, s.World)
	})
}

// TestAMemberIsTakenIntoAGroupAndRemoved: nobody who was removed has a place in a group.
func TestAMemberIsTakenIntoAGroupAndRemoved(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := scene{t, testworld.New(t, url)}
		acme := s.NewPartner("Acme")
		group := s.asks(acme.Admin, "createPrivilegeGroup", in{"tenantId": acme.ID, "name": "Shift", "scope": "ALL_CUSTOMERS", "roleKey": "READ_ONLY"}).
			OK().String("createPrivilegeGroup.privilegeGroup.id")
		other := s.Staff(acme, "second", testworld.Administrator)
		for round := range 6 {
			place := placesOf(acme, s.Staff(acme, fmt.Sprint("helper ", round), testworld.Nothing))
			before := events(t, s.World)
			outcomes := race(ask{acme.Admin, takeIn, vars{"id": group, "m": place}}, ask{other, removeSome, vars{"t": acme.ID, "ids": place}})
			if outcomes[1] != "OK" || outcomes[0] != "OK" && outcomes[0] != "NOT_FOUND at input.addMemberIds.0" {
				t.Errorf("round %d: %v", round, outcomes)
			}
			expectEvents(t, s.World, before, outcomes)
			s.sees(s.read("SELECT id FROM group_members"))
		}
	})
}
