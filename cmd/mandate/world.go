package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mandate/ent/partner"
	"mandate/ent/role"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// world is the demo's: every person in it did what they did by the operations that everybody has.
type world struct {
	*installation
	shown []person // whose sign-ins are printed
	token string   // of a session of the managed service provider's administrator
}

// person is somebody who can sign in.
type person struct {
	who, email, password string
}

const (
	operatorAddress = "olivia@operator.example"
	mspAddress      = "anna@brightnet.example"
	staffAddress    = "sam@brightnet.example"
	resellerAddress = "rosa@telmark.example"
	bakeryAddress   = "bea@old-mill-bakery.example"
	schoolAddress   = "carl@riverside-school.example"
	loneAddress     = "leo@harbour-books.example"
	invitedAddress  = "nina@blue-door-hotel.example"
	decliningOne    = "dora@quiet-garden.example"
)

// build makes the world.
func (w *world) build(ctx context.Context) error {
	operator := person{"Operator", operatorAddress, newPassword()}
	err := w.service.CreateOperator(viewer.System(ctx, "demo"), mandate.CreateOperator{
		TenantName: w.brand.Name + " Operations", Email: operator.email, FirstName: "Olivia", LastName: "Okafor", Password: operator.password,
	})
	if err != nil {
		return fmt.Errorf("create the operator: %w", err)
	}
	w.shown = append(w.shown, operator)
	for _, chapter := range []struct {
		what string
		tell func(context.Context) error
	}{
		{"register the partners", func(ctx context.Context) error { return w.registerPartners(ctx, operator) }},
		{"create customers", w.createCustomers},
		{"invite customers", w.inviteCustomers},
		{"assign staff", w.assignStaff},
		{"fill a customer", w.fillBakery},
		{"leave a customer alone", func(ctx context.Context) error { return w.createLoneCustomer(ctx, operator) }},
		{"sign the managed service provider in", w.leaveToken},
	} {
		if err := chapter.tell(ctx); err != nil {
			return fmt.Errorf("%s: %w", chapter.what, err)
		}
	}
	return nil
}

func (w *world) registerPartners(ctx context.Context, operator person) error {
	err := w.as(ctx, operator, func(ctx context.Context) error {
		for _, p := range []mandate.RegisterPartner{
			{Name: "Brightnet Managed IT", Type: partner.TypeMSP, AdminEmail: mspAddress, AdminFirstName: "Anna", AdminLastName: "Lindqvist"},
			{Name: "Telmark Resale", Type: partner.TypeReseller, AdminEmail: resellerAddress, AdminFirstName: "Rosa", AdminLastName: "Marin"},
		} {
			if _, err := w.service.RegisterPartner(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.welcome(ctx, "Managed service provider", mspAddress); err != nil {
		return err
	}
	return w.welcome(ctx, "Reseller", resellerAddress)
}

// created are the customers that the managed service provider created: name, first name and domain of the first
// administrator, city, country, tags.
var created = [][]string{
	{"Alder Dental Practice", "Aaron", "alder-dental.example", "Leeds", "GB", "health priority:high"},
	{"Copper Lane Logistics", "Clara", "copper-lane.example", "Rotterdam", "NL", "logistics"},
	{"Fjord Architects", "Finn", "fjord-architects.example", "Bergen", "NO", "office"},
	{"Green Valley Farm", "Greta", "green-valley.example", "Graz", "AT", "agriculture seasonal"},
	{"Kite Engineering", "Kai", "kite-engineering.example", "Stuttgart", "DE", "industry priority:high"},
	{"Lantern Legal", "Lena", "lantern-legal.example", "Dublin", "IE", "office"},
	{"Maple Street Clinic", "Mara", "maple-clinic.example", "Toronto", "CA", "health"},
	{"Sandpiper Tours", "Sofia", "sandpiper-tours.example", "Lisbon", "PT", "travel seasonal"},
	{"Vintner & Sons", "Victor", "vintner.example", "Bordeaux", "FR", "retail"},
}

func (w *world) createCustomers(ctx context.Context) error {
	return w.as(ctx, w.person(mspAddress), func(ctx context.Context) error {
		for n, c := range created {
			_, _, err := w.service.CreateCustomer(ctx, mandate.CreateCustomer{
				Name: c[0], AdminEmail: strings.ToLower(c[1]) + "@" + c[2], AdminFirstName: c[1], AdminLastName: "Example",
				AccountNumber: new(fmt.Sprintf("A-%04d", 1001+n)), Tags: strings.Fields(c[5]),
				Address: &mandate.Address{Street: new(fmt.Sprintf("%d Market Street", n+1)), City: new(c[3]), Country: new(c[4])},
			})
			if err != nil {
				return fmt.Errorf("%s: %w", c[0], err)
			}
		}
		return nil
	})
}

// inviteCustomers sends invitations: two are accepted, one is declined, one is open, and one is for a customer that has
// a partner already.
func (w *world) inviteCustomers(ctx context.Context) error {
	invite := func(by string, in mandate.InviteCustomer) error {
		return w.as(ctx, w.person(by), func(ctx context.Context) error {
			_, err := w.service.InviteCustomer(ctx, in)
			return err
		})
	}
	err := errors.Join(
		invite(mspAddress, mandate.InviteCustomer{Email: bakeryAddress, Message: new("Hello Bea,\nas agreed on the phone: this lets us look after your lines.")}),
		invite(mspAddress, mandate.InviteCustomer{Email: schoolAddress, RoleKey: new(role.KeyREAD_ONLY)}),
		invite(mspAddress, mandate.InviteCustomer{Email: invitedAddress, Message: new("Hello Nina,\nwe would be glad to run the hotel's telephones.")}),
		invite(resellerAddress, mandate.InviteCustomer{Email: decliningOne}),
	)
	if err != nil {
		return err
	}
	if err := w.accept(ctx, "Customer, connected by invitation", bakeryAddress, "Old Mill Bakery", "Bea", "Novak"); err != nil {
		return err
	}
	if err := w.accept(ctx, "Customer, connected read-only", schoolAddress, "Riverside School", "Carl", "Brandt"); err != nil {
		return err
	}
	token, err := w.mailedToken(ctx, decliningOne)
	if err != nil {
		return err
	}
	_, err = w.service.DeclineInvitation(nobody(ctx), mandate.DeclineInvitation{Token: &token, Reason: new("We have somebody in the house for this.")})
	if err != nil {
		return err
	}
	return invite(resellerAddress, mandate.InviteCustomer{Email: bakeryAddress, Message: new("We would do it for less.")})
}

// accept answers an invitation as somebody who is new here.
func (w *world) accept(ctx context.Context, who, email, organization, first, last string) error {
	token, err := w.mailedToken(ctx, email)
	if err != nil {
		return err
	}
	p := person{who, email, newPassword()}
	_, err = w.service.AcceptInvitation(nobody(ctx), mandate.AcceptInvitation{Token: &token, NewAccount: &mandate.NewAccount{
		TenantName: organization, FirstName: &first, LastName: &last, Password: &p.password,
	}})
	if err != nil {
		return fmt.Errorf("accept for %s: %w", organization, err)
	}
	w.shown = append(w.shown, p)
	return nil
}

// assignStaff makes a member of the managed service provider's, who may act in three customers only.
func (w *world) assignStaff(ctx context.Context) error {
	msp, err := w.read.Partner.Query().Where(partner.TypeEQ(partner.TypeMSP)).Only(viewer.System(ctx, "demo"))
	if err != nil {
		return err
	}
	err = w.as(ctx, w.person(mspAddress), func(ctx context.Context) error {
		members, err := w.service.AddMembers(ctx, mandate.AddMembers{TenantID: msp.TenantID, Members: []*mandate.NewMember{{
			UserID: "sam", Label: "Sam (support)", FirstName: "Sam", LastName: "Winter", Email: staffAddress,
			Phone: "+44 20 7946 0123", RoleKey: new(role.KeyREAD_ONLY),
		}}})
		if err != nil {
			return err
		}
		for name, key := range map[string]role.Key{created[0][0]: role.KeyPHONE_MANAGER, created[4][0]: role.KeyREAD_ONLY, "Old Mill Bakery": role.KeyPHONE_MANAGER} {
			customer, err := w.customer(ctx, name)
			if err != nil {
				return err
			}
			_, err = w.service.Assign(ctx, mandate.Assign{
				GranteeID: members[0].ID, TenantID: customer, RoleKey: &key, AccessPeriod: &mandate.AccessPeriod{Days: new(90)},
			})
			if err != nil {
				return fmt.Errorf("assign %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.welcome(ctx, "The provider's support staff, assigned to three customers", staffAddress)
}

func (w *world) createLoneCustomer(ctx context.Context, operator person) error {
	err := w.as(ctx, operator, func(ctx context.Context) error {
		_, _, err := w.service.CreateCustomer(ctx, mandate.CreateCustomer{
			Name: "Harbour Books", AdminEmail: loneAddress, AdminFirstName: "Leo", AdminLastName: "Haas", Tags: []string{"retail"},
		})
		return err
	})
	if err != nil {
		return err
	}
	return w.welcome(ctx, "Customer without a partner", loneAddress)
}
