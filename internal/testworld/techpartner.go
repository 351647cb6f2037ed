package testworld

import (
	"strings"

	"mandate/ent"
	"mandate/ent/partner"
	"mandate/ent/privilegegroup"
	"mandate/ent/relationship"
	"mandate/ent/tenant"
	"mandate/internal/access"
	"mandate/internal/mandate"
)

// TechPartner makes a tech partner that an MSP manages; its administrator is named after it.
func (w *World) TechPartner(msp *Company, name string, kind partner.Type) *Company {
	w.t.Helper()
	t, err := w.Write.Tenant.Create().SetKind(tenant.KindPartner).SetName(name).SetSortName(mandate.SortName(name)).SetManagedByID(msp.ID).Save(w.System())
	w.must(err)
	p, err := w.Write.Partner.Create().SetTenantID(t.ID).SetType(kind).
		SetCode(strings.ToUpper("MND-" + t.ID[len(t.ID)-4:] + "-" + t.ID[len(t.ID)-8:len(t.ID)-4])).SetLinkKey("key" + t.ID[4:]).Save(w.System())
	w.must(err)
	return &Company{Tenant: t, Admin: w.Person(mandate.SortName(name)).Join(t, Administrator), Partner: p}
}

// grant writes an assignment with a system role and without an end, whoever it is given to.
func (w *World) grant(from, to *Company, granteeID, name string, role access.RoleKey) *ent.Assignment {
	w.t.Helper()
	r, _ := access.SystemRoleByKey(role)
	create := w.Write.Assignment.Create().SetGranterID(from.ID).SetTenantID(to.ID).SetTenantSortName(to.SortName).SetGranteeID(granteeID).
		SetGranteeName(name).SetRoleID(r.ID).SetStartsAt(w.Now()).SetOpenKey(granteeID + ":" + to.ID + ":" + from.ID).
		SetPartnerName(from.Name).SetPartnerType(string(from.Partner.Type)).SetPartnerCode(from.Partner.Code).SetCustomerName(to.Name)
	if to.Kind == tenant.KindCustomer {
		create.SetRelationshipID(w.relationshipOf(to).ID)
	}
	a, err := create.Save(w.System())
	w.must(err)
	return a
}

// AssignTo assigns a tech partner to a customer of its MSP, with a system role and without an end.
func (w *World) AssignTo(msp, c, techPartner *Company, role access.RoleKey) *ent.Assignment {
	w.t.Helper()
	return w.grant(msp, c, techPartner.Partner.ID, techPartner.Name, role)
}

// Delegate lets one of an MSP's people work in a tech partner's tenant, with a system role and without an end.
func (w *World) Delegate(msp, techPartner *Company, to *Person, role access.RoleKey) *ent.Assignment {
	w.t.Helper()
	m := to.Member(msp.Tenant)
	return w.grant(msp, techPartner, m.ID, m.FirstName+" "+m.LastName, role)
}

// Group makes a privilege group of a partner over all its customers.
func (w *World) Group(p *Company, name, roleID string, members ...*Person) *ent.PrivilegeGroup {
	w.t.Helper()
	g, err := w.Write.PrivilegeGroup.Create().SetTenantID(p.ID).SetName(name).SetScope(privilegegroup.ScopeAllCustomers).SetRoleID(roleID).Save(w.System())
	w.must(err)
	for _, m := range members {
		w.must(w.Write.GroupMember.Create().SetTenantID(p.ID).SetGroupID(g.ID).SetMemberID(m.Member(p.Tenant).ID).Exec(w.System()))
	}
	return g
}

func (w *World) relationshipOf(c *Company) *ent.Relationship {
	w.t.Helper()
	rel, err := w.Write.Relationship.Query().Where(relationship.ActiveCustomerID(c.ID)).Only(w.System())
	w.must(err)
	return rel
}

// LetWork assigns one of a tech partner's people to a customer, with a system role and without an end.
func (w *World) LetWork(techPartner, c *Company, to *Person, role access.RoleKey) *ent.Assignment {
	w.t.Helper()
	m := to.Member(techPartner.Tenant)
	return w.grant(techPartner, c, m.ID, m.FirstName+" "+m.LastName, role)
}
