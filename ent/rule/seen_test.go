package rule_test

import (
	"context"
	"slices"
	"testing"

	"mandate/ent"
	"mandate/ent/rule"
	"mandate/internal/access"
	"mandate/internal/clock"
	"mandate/internal/testdb"
	"mandate/internal/testworld"
	"mandate/internal/viewer"
)

// TestWhoSeesARowThatIsThere holds what is said of rows that were read already against what a query finds.
func TestWhoSeesARowThatIsThere(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		acme, zenith, contoso, fabrikam := w.NewPartner("Acme"), w.NewPartner("Zenith"), w.Customer("Contoso"), w.Customer("Fabrikam")
		guests := w.CustomRole(contoso.Tenant, "Guests", map[access.Feature]access.Level{access.Guests: access.View})
		clerk := w.Staff(contoso, "clerk", testworld.Nothing)
		w.Staff(contoso, "guest", testworld.Guest)
		w.Staff(fabrikam, "guest of another", testworld.Guest)
		staff := w.Staff(acme, "staff", testworld.Nothing)
		for i, input := range []testworld.Vars{{"email": clerk.Email}, {"email": "somebody@example.org"}} {
			for _, p := range []*testworld.Company{acme, zenith} {
				p.Admin.Do(`mutation($in: InviteCustomerInput!) { inviteCustomer(input: $in) { userErrors { code } } }`, testworld.Vars{"in": input}).OK()
			}
			c := []*testworld.Company{contoso, fabrikam}[i]
			c.Admin.Do(`mutation($in: InvitePartnerInput!) { invitePartner(input: $in) { userErrors { code } } }`,
				testworld.Vars{"in": testworld.Vars{"code": zenith.Partner.Code, "roleKey": "READ_ONLY"}}).OK()
		}
		w.Manages(acme, contoso)
		w.Assign(acme, contoso, staff, access.GuestManager)
		viewers := map[string]viewer.Viewer{"nobody": {}}
		for name, p := range map[string]*testworld.Person{
			"a customer's administrator": contoso.Admin, "a reader": w.Staff(contoso, "reader", testworld.Role(access.ReadOnly)),
			"who sees guests": w.Staff(contoso, "host", testworld.Custom(guests)), "who sees nobody": clerk, "a partner's administrator": acme.Admin,
			"who was assigned guests": staff, "a member of two": clerk.Join(fabrikam.Tenant, testworld.Nothing), "a stranger": w.Stranger(),
			"a session that entered": acme.Admin.Entered(contoso.ID),
		} {
			viewers[name] = viewer.From(p.Context())
		}
		for name, scopes := range map[string]access.Levels{"a token": access.Everything, "a token for little": access.Of(map[access.Feature]access.Level{access.Sites: access.View})} {
			viewers[name] = viewer.Viewer{UserID: contoso.Admin.ID, Token: &viewer.Token{ID: "tok", MemberID: contoso.Admin.Member(contoso.Tenant).ID, Scopes: scopes}}
		}
		members, invitations := w.Read.Member.Query().AllX(w.System()), w.Read.Invitation.Query().AllX(w.System())
		seen := 0
		for name, v := range viewers {
			ctx := rule.With(clock.With(viewer.With(context.Background(), v), w.Now()), w.Read, w.DB.Dialect)
			if err := rule.From(ctx).Resolve(ctx, acme.ID, zenith.ID, contoso.ID, fabrikam.ID); err != nil {
				t.Fatal(err)
			}
			found := append(w.Read.Member.Query().IDsX(ctx), w.Read.Invitation.Query().IDsX(ctx)...)
			seen += len(found)
			for _, m := range members {
				if found := slices.Contains(found, m.ID); rule.SeesMember(ctx, rule.From(ctx), m) != found {
					t.Errorf("%s and %s in %s: a query finds the member: %v", name, m.Name(), m.TenantID, found)
				}
			}
			for _, inv := range invitations {
				if found := slices.Contains(found, inv.ID); rule.SeesInvitation(ctx, rule.From(ctx), inv) != found {
					t.Errorf("%s and the invitation %s: a query finds it: %v", name, describe(inv), found)
				}
			}
		}
		if all := len(viewers) * (len(members) + len(invitations)); seen < all/5 || seen > all*4/5 {
			t.Errorf("%d of %d are seen: too few or too many to tell anything", seen, all)
		}
	})
}

func describe(inv *ent.Invitation) string {
	if inv.Email != nil {
		return inv.PartnerName + " to " + *inv.Email
	}
	return *inv.CustomerName + " to " + inv.PartnerName
}
