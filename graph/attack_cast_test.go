package graph_test

import (
	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/internal/access"
	"mandate/internal/testworld"
)

// cast is everybody who may attack: one principal of every class, around one customer, its partner and that one's tech
// partner.
type cast struct {
	acme, contoso, nordic *testworld.Company
	attackers             map[string]*testworld.Person
	hook                  *ent.Webhook // of Contoso
}

// casts makes the cast; root is an administrator of the operator.
func (s scene) casts(root *testworld.Person) *cast {
	s.Helper()
	c := &cast{acme: s.NewPartner("Acme"), contoso: s.Customer("Contoso")}
	s.Manages(c.acme, c.contoso)
	c.nordic = s.TechPartner(c.acme, "Nordic", partner.TypeIntegrator)
	s.AssignTo(c.acme, c.contoso, c.nordic, access.Administrator)
	staff, fitter := s.Staff(c.acme, "staff", testworld.Nothing), s.Staff(c.nordic, "fitter", testworld.Nothing)
	s.Assign(c.acme, c.contoso, staff, access.GuestManager)
	s.LetWork(c.nordic, c.contoso, fitter, access.ReadOnly)
	c.attackers = map[string]*testworld.Person{
		"a stranger":                        s.Stranger(),
		"a reader":                          s.Staff(c.contoso, "reader", testworld.Role(access.ReadOnly)),
		"a suspended member":                s.Staff(c.contoso, "suspended", suspended),
		"the customer's administrator":      c.contoso.Admin,
		"another customer's administrator":  s.Customer("Fabrikam").Admin,
		"one of the partner's people":       staff,
		"the partner's administrator":       c.acme.Admin,
		"the administrator, entered":        c.acme.Admin.Entered(c.contoso.ID),
		"one of the tech partner's people":  fitter,
		"the operator's administrator":      root,
		"an API token that reads a profile": s.makes(c.contoso.Admin, in{"tenantId": c.contoso.ID}),
	}
	return c
}

func suspended(m *ent.MemberCreate) { m.SetAdministrator(true).SetStatus(member.StatusSuspended) }
