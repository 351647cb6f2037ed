package world

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mandate/internal/access"
	"mandate/internal/mandate"
)

// tenant is an organisation of a world.
type tenant struct {
	id, kind, name, sort string
	domain               string // of its mail
	created              time.Time
	number               string    // of a customer's account
	partner              *partner  // what makes it a partner
	manager              *tenant   // the MSP that manages a tech partner
	bond                 *bond     // a customer's with its partner, if any
	customers            []*tenant // of a partner
	first, people        int       // its seats
}

// partner is what makes a tenant a partner.
type partner struct{ id, kind, code string }

// bond is a customer's relationship with its partner.
type bond struct {
	id, invitation string // the invitation that it came of; "" for a partner of record
	by             *tenant
	ceiling        access.RoleKey
	suspended      bool
	starts         time.Time
	ends           *time.Time
}

// live reports whether the relationship counts at a moment.
func (b *bond) live(now time.Time) bool {
	return b != nil && !b.suspended && (b.ends == nil || b.ends.After(now))
}

// The time that a world has existed for.
const (
	age   = 3 * 365 * 24 * time.Hour
	young = 365 * 24 * time.Hour // before, all of its organisations had come
)

// found makes the organisations, in the order in which they came.
func (b *builder) found() {
	born := b.now.Add(-age)
	b.operator = b.organisation("OPERATOR", "Operator", born)
	b.large = b.newPartner("MSP", "Northwind Managed Services", born)
	b.small = b.newPartner("RESELLER", "Corner Telephones", born)
	for i := range b.plan.others {
		kind := []string{"MSP", "RESELLER", "SUPPORT"}[i%3]
		b.others = append(b.others, b.newPartner(kind, firsts[i*37%len(firsts)]+" "+crafts[i/len(firsts)%len(crafts)], born))
	}
	for i := range b.plan.techs {
		kind := []string{"INTEGRATOR", "INSTALLER"}[i%2]
		t := b.newPartner(kind, firsts[i*61%len(firsts)]+" "+works[i/len(firsts)%len(works)], born)
		t.manager = b.large
		b.techs = append(b.techs, t)
	}
	between := (age - young) / time.Duration(b.size.Customers)
	for i := range b.size.Customers {
		t := b.organisation("CUSTOMER", customerName(i), born.Add(time.Duration(i)*between))
		t.number = fmt.Sprintf("A-%06d", 100_000+i)
		b.customers = append(b.customers, t)
		if by := b.partnerOf(i); by != nil {
			b.connect(by, t)
		}
	}
	byName := slices.SortedFunc(slices.Values(b.large.customers), func(x, y *tenant) int { return strings.Compare(x.sort, y.sort) })
	b.points = slices.DeleteFunc(byName, func(t *tenant) bool { return !t.bond.live(b.now) })
	b.customer = b.points[len(b.points)/2]
}

func (b *builder) organisation(kind, name string, created time.Time) *tenant {
	t := &tenant{id: named("ten", b.chance.at(created)), kind: kind, name: name, sort: mandate.SortName(name), domain: domain(name), created: created}
	b.tenants = append(b.tenants, t)
	return t
}

func (b *builder) newPartner(kind, name string, created time.Time) *tenant {
	t := b.organisation("PARTNER", name, created)
	n := len(b.tenants)
	t.partner = &partner{named("prt", b.chance.at(created)), kind, fmt.Sprintf("MND-%04d-%04d", n*7_919%10_000, n*104_729%10_000)}
	return t
}

// ofSmall is how many customers the small partner has, in every world.
const ofSmall = 10

// partnerOf is the partner of the i-th customer. Of ten, six are the large one's and three are shared by all others; the
// last one is on its own.
func (b *builder) partnerOf(i int) *tenant {
	apart := b.size.Customers / 10 / ofSmall
	switch {
	case i%10 == 9:
		return nil
	case i%5 < 3:
		return b.large
	case i%10 == 3 && i/10%apart == 0 && len(b.small.customers) < ofSmall:
		return b.small
	}
	return b.others[i/5%len(b.others)]
}

// connect makes a relationship. Those of the small partner are all alike. Of ten others one lets the partner only read, of 20 one
// is suspended, of 40 one is over, and of four one has an end ahead.
func (b *builder) connect(p, c *tenant) {
	n := len(p.customers)
	p.customers = append(p.customers, c)
	starts := c.created.Add(time.Hour)
	c.bond = &bond{id: named("rel", b.chance.at(starts)), by: p, ceiling: access.Administrator, starts: starts}
	if n%3 > 0 {
		c.bond.invitation = named("inv", b.chance.at(c.created))
	}
	if p == b.small {
		return
	}
	if n%10 == 3 {
		c.bond.ceiling = access.ReadOnly
	}
	c.bond.suspended = n%20 == 7
	switch {
	case n%40 == 11: // over, and nobody noted it
		c.bond.ends = new(b.now.Add(-time.Duration(n%30+1) * 24 * time.Hour))
	case n%4 == 1:
		c.bond.ends = new(b.now.Add(time.Duration(n%300+60) * 24 * time.Hour))
	}
}

func (b *builder) writeTenants(ctx context.Context) error {
	return b.fill(ctx, "tenants", "id,created_at,updated_at,kind,name,sort_name,partner_id,managed_by_id,account_number,email,street,city,country", len(b.tenants),
		func(i int) []any {
			t := b.tenants[i]
			var by, manager any
			if t.bond != nil {
				by = t.bond.by.id
			}
			if t.manager != nil {
				manager = t.manager.id
			}
			return []any{t.id, t.created, t.created, t.kind, t.name, t.sort, by, manager, none(t.number), "office@" + t.domain,
				fmt.Sprintf("%d Market Street", i%200+1), of(towns, i), "DE"}
		})
}

func (b *builder) writePartners(ctx context.Context) error {
	partners := slices.DeleteFunc(slices.Clone(b.tenants), func(t *tenant) bool { return t.partner == nil })
	return b.fill(ctx, "partners", "id,created_at,updated_at,type,code,link_key,recognized,tenant_id", len(partners), func(i int) []any {
		t := partners[i]
		return []any{t.partner.id, t.created, t.created, t.partner.kind, t.partner.code, b.chance.any().String(), t.manager == nil, t.id}
	})
}

func (b *builder) writeRelationships(ctx context.Context) error {
	linked := slices.DeleteFunc(slices.Clone(b.customers), func(t *tenant) bool { return t.bond == nil })
	return b.fill(ctx, "relationships", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,customer_account_number,"+
		"kind,status,active_customer_id,starts_at,ends_at,due_at,suspended_by_customer,partner_id,customer_id,role_id", len(linked), func(i int) []any {
		c, r := linked[i], linked[i].bond
		kind, status := "CUSTOMER_DESIGNATED", "ACTIVE"
		if r.invitation == "" {
			kind = "PARTNER_OF_RECORD"
		}
		if r.suspended {
			status = "SUSPENDED"
		}
		return []any{r.id, r.starts, r.starts, r.by.name, r.by.partner.kind, r.by.partner.code, c.name, c.number,
			kind, status, c.id, r.starts, r.ends, mandate.NextDue(r.starts, r.ends, nil, b.now), r.suspended, r.by.id, c.id, role(r.ceiling)}
	})
}

// writeInvitations writes those that relationships came of.
func (b *builder) writeInvitations(ctx context.Context) error {
	invited := slices.DeleteFunc(slices.Clone(b.customers), func(t *tenant) bool { return t.bond == nil || t.bond.invitation == "" })
	return b.fill(ctx, "invitations", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,customer_account_number,"+
		"direction,channel,status,email,email_canonical,expires_at,valid_hours,access_ends_at,send_count,last_sent_at,relationship_id,sender_id,"+
		"partner_id,customer_id,role_id", len(invited), func(i int) []any {
		c, r := invited[i], invited[i].bond
		_, _, email := b.person(c.first)
		return []any{r.invitation, c.created, r.starts, r.by.name, r.by.partner.kind, r.by.partner.code, c.name, c.number,
			"PARTNER_TO_CUSTOMER", "EMAIL", "ACCEPTED", email, email, c.created.AddDate(0, 0, 7), 168, r.ends, 1, c.created, r.id, b.member(r.by.first),
			r.by.id, c.id, role(r.ceiling)}
	})
}

// writeTags writes two tags of every customer, one more of three in ten, and one of one in 200.
func (b *builder) writeTags(ctx context.Context) error {
	var tags [][]any
	for i, c := range b.customers {
		add := func(tag string) { tags = append(tags, []any{named("tag", b.chance.at(c.created)), c.id, tag}) }
		add("sector:" + strings.ToLower(of(trades, i)))
		add(fmt.Sprintf("area:%d", i*7%12))
		if i%13 < 4 {
			add("managed")
		}
		if i%199 == 50 {
			add("vip")
		}
	}
	return b.fill(ctx, "tenant_tags", "id,tenant_id,tag", len(tags), func(i int) []any { return tags[i] })
}

// none is NULL for "".
func none(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func role(key access.RoleKey) string { r, _ := access.SystemRoleByKey(key); return r.ID }
