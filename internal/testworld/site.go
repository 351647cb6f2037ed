package testworld

import (
	"time"

	"mandate/ent"
	"mandate/ent/site"
	"mandate/internal/mandate"
)

// Site makes a site of a tenant that works, known by its name.
func (w *World) Site(t *ent.Tenant, name string) *ent.Site {
	w.t.Helper()
	row, err := w.Write.Site.Create().SetTenantID(t.ID).SetAccountNumber(name).SetName(name).SetSortName(mandate.SortName(name)).
		SetStatus(site.StatusUp).Save(w.System())
	w.must(err)
	return row
}

// Device makes a device of a tenant, at a site or at none.
func (w *World) Device(t *ent.Tenant, serial string, at *ent.Site) {
	w.t.Helper()
	create := w.Write.Device.Create().SetTenantID(t.ID).SetSerialNumber(serial)
	if at != nil {
		create.SetSiteID(at.ID)
	}
	w.must(create.Exec(w.System()))
}

// Subscription makes a subscription of a tenant that is switched on, until a moment or without an end.
func (w *World) Subscription(t *ent.Tenant, name string, until *time.Time) *ent.ServiceSubscription {
	w.t.Helper()
	row, err := w.Write.ServiceSubscription.Create().SetTenantID(t.ID).SetExternalID(name).SetName(name).SetActive(true).
		SetNillableEndsAt(until).Save(w.System())
	w.must(err)
	return row
}

// Listed narrows the person's membership in a tenant to listed sites.
func (p *Person) Listed(t *ent.Tenant, sites ...*ent.Site) *Person {
	p.w.t.Helper()
	m := p.Member(t)
	p.w.must(p.w.Write.Member.UpdateOne(m).SetAllSites(false).Exec(p.w.System()))
	for _, s := range sites {
		p.w.must(p.w.Write.MemberSite.Create().SetTenantID(t.ID).SetMemberID(m.ID).SetSiteID(s.ID).Exec(p.w.System()))
	}
	return p
}
