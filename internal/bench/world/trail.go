package world

import (
	"context"
	"fmt"
	"time"
)

// event is one of an audit trail.
type event struct {
	at                 time.Time
	action             string
	tenant, other      *tenant
	actor              int // who did it
	target, targetName string
	changes, reason    any
}

// writeTrail writes how every tenant came, one event more of every customer, and the long trail of one.
func (b *builder) writeTrail(ctx context.Context) error {
	events := make([]event, 0, len(b.tenants)+len(b.customers)+b.plan.events)
	for _, t := range b.tenants {
		events = append(events, b.arrival(t))
		if t.kind == "CUSTOMER" {
			events = append(events, b.next(t))
		}
	}
	for i := 2; i < b.plan.events; i++ {
		events = append(events, b.everyday(i))
	}
	return b.fill(ctx, "audit_events", "id,at,action,tenant_id,other_tenant_id,actor_id,actor_name,actor_tenant_id,actor_tenant_name,actor_tenant_kind,"+
		"on_behalf_of_name,on_behalf_of_kind,target_id,target_name,changes,reason,request_id,address", len(events), func(i int) []any {
		e := events[i]
		home := b.seats[e.actor].tenant
		first, last, _ := b.person(e.actor)
		var other, behalf, kind any
		if e.other != nil {
			other = e.other.id
		}
		if home != e.tenant {
			behalf, kind = e.tenant.name, e.tenant.kind
		}
		return []any{named("evt", b.chance.at(e.at)), e.at, e.action, e.tenant.id, other, b.user(e.actor), first + " " + last, home.id, home.name, home.kind,
			behalf, kind, none(e.target), none(e.targetName), e.changes, e.reason, b.chance.any().String(), fmt.Sprintf("192.0.2.%d", i%250+1)}
	})
}

// arrival is how a tenant came.
func (b *builder) arrival(t *tenant) event {
	e := event{at: t.created, action: "customer.created", tenant: t, other: b.operator, actor: b.operator.first, target: t.id, targetName: t.name}
	switch {
	case t == b.operator:
		e.action, e.other, e.target, e.targetName = "operator.administrator_created", nil, "", ""
	case t.manager != nil:
		e.action, e.other, e.actor, e.target = "tech_partner.created", t.manager, t.manager.first, t.partner.id
	case t.partner != nil:
		e.action, e.target = "partner.registered", t.partner.id
	}
	return e
}

// next is what happened to a customer next: it accepted its partner, if it has one that it chose.
func (b *builder) next(t *tenant) event {
	e := event{at: t.created.Add(time.Hour), action: "tenant.updated", tenant: t, actor: t.first, target: t.id, targetName: t.name, changes: `[{"field":"country","after":"DE"}]`}
	if t.bond != nil && t.bond.invitation != "" {
		e.action, e.other, e.target, e.targetName = "invitation.accepted", t.bond.by, t.bond.invitation, t.bond.by.name
		e.changes = `[{"field":"role","after":"Administrator"}]`
	}
	return e
}

// everyday is the i-th event of the customer with the long trail: most are its own administrators' doing, and one in five that
// of its partner's staff.
func (b *builder) everyday(i int) event {
	t := b.customer
	who := t.first + Askers + i%b.plan.crowd
	first, last, _ := b.person(who)
	e := event{at: b.now.Add(-young + young/time.Duration(b.plan.events)*time.Duration(i)), action: "member.updated", tenant: t, actor: t.first + i%Askers,
		target: b.member(who), targetName: first + " " + last, changes: `[{"field":"label","before":"Desk","after":"Front desk"}]`}
	if i%5 == 3 {
		e.actor, e.other = t.bond.by.first+Askers+i%Askers, t.bond.by
	}
	if i%10 == 7 {
		e.reason = fmt.Sprintf("Ticket %d", 10_000+i)
	}
	switch i % 20 {
	case 9:
		e.action, e.target, e.targetName, e.changes = "inventory.synced", "", "", `[{"field":"sites","before":"1","after":"1"}]`
	case 19:
		e.action, e.target, e.targetName, e.changes = "tenant.updated", t.id, t.name, `[{"field":"city","before":"Leeds","after":"Lyon"}]`
	}
	return e
}
