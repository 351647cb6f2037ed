package mail

import (
	"fmt"
	"time"
)

// TenantSuspended tells a tenant's administrators that nobody gets into it for now.
type TenantSuspended struct {
	// Tenant is the tenant's name, By the name of who suspended it.
	Tenant string
	By     string
	// Reason is the text of whoever did; empty for none.
	Reason      string
	SuspendedAt time.Time
}

// Letter renders the notice.
func (s TenantSuspended) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Your tenant %s was suspended", s.Tenant),
		Heading: "Your tenant was suspended",
		Paragraphs: []string{
			fmt.Sprintf("Your tenant %s was suspended by %s. Until it is reactivated nobody can work in it. Nothing was deleted.", s.Tenant, s.By),
		},
		Quote: quote{"Reason given:", s.Reason},
		Facts: []fact{
			{"Tenant", s.Tenant},
			{"Suspended by", s.By},
			{"Suspended", moment(s.SuspendedAt)},
		},
		SmallPrint: []string{fmt.Sprintf("You receive this because you are an administrator of %s.", s.Tenant)},
	})
}

// TenantReactivated tells a tenant's administrators that it is no longer suspended.
type TenantReactivated struct {
	// Tenant is the tenant's name, By the name of who reactivated it.
	Tenant string
	By     string
}

// Letter renders the notice.
func (r TenantReactivated) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Your tenant %s was reactivated", r.Tenant),
		Heading: "Your tenant was reactivated",
		Paragraphs: []string{
			fmt.Sprintf("Your tenant %s was reactivated by %s. Everybody can work in it as before.", r.Tenant, r.By),
		},
		SmallPrint: []string{fmt.Sprintf("You receive this because you are an administrator of %s.", r.Tenant)},
	})
}

// TenantDeleted tells those who were a tenant's administrators that it is gone.
type TenantDeleted struct {
	// Tenant is the tenant's name, By the name of who deleted it.
	Tenant string
	By     string
	// Reason is the text of whoever did; empty for none.
	Reason    string
	DeletedAt time.Time
}

// Letter renders the notice.
func (d TenantDeleted) Letter(b Brand) (Letter, error) {
	return b.render(content{
		Subject: fmt.Sprintf("Your tenant %s was deleted", d.Tenant),
		Heading: "Your tenant was deleted",
		Paragraphs: []string{
			fmt.Sprintf("Your tenant %s was deleted by %s, with its members and all that rested on it. Your account stays, with your other tenants.", d.Tenant, d.By),
		},
		Quote: quote{"Reason given:", d.Reason},
		Facts: []fact{
			{"Tenant", d.Tenant},
			{"Deleted by", d.By},
			{"Deleted", moment(d.DeletedAt)},
		},
		SmallPrint: []string{fmt.Sprintf("You receive this because you were an administrator of %s.", d.Tenant)},
	})
}
