package main

import (
	"context"
	"fmt"

	"mandate/ent/role"
	"mandate/ent/site"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// fillBakery gives one customer what a customer has: sites, devices, subscriptions, members of several kinds, and somebody
// who signed up and waits for approval.
func (w *world) fillBakery(ctx context.Context) error {
	bakery, err := w.customer(ctx, "Old Mill Bakery")
	if err != nil {
		return err
	}
	err = w.as(ctx, w.person(bakeryAddress), func(ctx context.Context) error {
		_, err := w.service.SyncInventory(ctx, mandate.SyncInventory{TenantID: bakery, Sites: []*mandate.Site{
			{AccountNumber: "OMB-1", Name: "Mill and shop", City: new("Bath"), Status: site.StatusUp},
			{AccountNumber: "OMB-2", Name: "Station kiosk", City: new("Bath"), Status: site.StatusAlarm},
			{AccountNumber: "OMB-3", Name: "Night bakery", City: new("Bristol"), Status: site.StatusUp},
		}, Devices: []*mandate.Device{
			{SerialNumber: "PH-8801", SiteAccountNumber: new("OMB-1"), Name: new("Desk phone")},
			{SerialNumber: "PH-8802", SiteAccountNumber: new("OMB-2"), Name: new("Kiosk phone")},
			{SerialNumber: "RT-1204", SiteAccountNumber: new("OMB-3"), Name: new("Router")},
		}, Subscriptions: []*mandate.ServiceSubscription{{ExternalID: "SIP-10", Name: "Ten lines", Active: true}}})
		if err != nil {
			return fmt.Errorf("fill the books: %w", err)
		}
		if err := w.hire(ctx, bakery); err != nil {
			return fmt.Errorf("add members: %w", err)
		}
		_, err = w.service.UpdateTenant(ctx, mandate.UpdateTenant{ID: bakery, SignUpPolicy: new(tenant.SignUpPolicyValidateAndApprove)})
		return err
	})
	if err != nil {
		return err
	}
	return w.signUp(ctx, bakery)
}

// hire adds a member who sees one site and some features, and one with a role.
func (w *world) hire(ctx context.Context, bakery string) error {
	kiosk, err := w.read.Site.Query().Where(site.AccountNumber("OMB-2")).OnlyID(viewer.System(ctx, "demo"))
	if err != nil {
		return err
	}
	level := func(f string, l access.Level) *mandate.Permission { return &mandate.Permission{Feature: f, Level: &l} }
	_, err = w.service.AddMembers(ctx, mandate.AddMembers{TenantID: bakery, Members: []*mandate.NewMember{
		{UserID: "kiosk", Label: "Kim at the kiosk", FirstName: "Kim", LastName: "Hale", Email: "kim@old-mill-bakery.example", Phone: "+44 1225 555 010",
			Permissions: []*mandate.Permission{level("invoices", access.None), level("orders", access.View), level("services", access.None),
				level("tickets", access.Manage), level("SITES", access.View)},
			AllSites: new(false), SiteIDs: []string{kiosk}},
		{UserID: "books", Label: "Book-keeping", FirstName: "Ivo", LastName: "Stark", Email: "ivo@old-mill-bakery.example", Phone: "+44 1225 555 011",
			RoleKey: new(role.KeyREAD_ONLY)},
	}})
	return err
}

// signUp lets somebody ask to become a member.
func (w *world) signUp(ctx context.Context, bakery string) error {
	const address = "jo@old-mill-bakery.example"
	tn, err := w.read.Tenant.Get(viewer.System(ctx, "demo"), bakery)
	if err != nil {
		return err
	}
	err = w.service.SignUp(nobody(ctx), mandate.SignUp{TenantCode: *tn.SignUpCode, FirstName: "Jo", LastName: "Park", Email: address, Phone: "+44 1225 555 012"})
	if err != nil {
		return fmt.Errorf("sign up: %w", err)
	}
	token, err := w.mailedToken(ctx, address)
	if err != nil {
		return err
	}
	password := newPassword()
	return w.service.VerifyEmail(nobody(ctx), mandate.VerifyEmail{Token: token, NewPassword: &password})
}
