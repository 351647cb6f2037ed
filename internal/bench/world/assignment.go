package world

import (
	"context"
	"fmt"
	"time"

	"mandate/internal/access"
	"mandate/internal/mandate"
)

// assignment is what a partner lets somebody do in a tenant.
type assignment struct {
	by, to        *tenant
	grantee, name string
	role          access.RoleKey
	starts        time.Time
	ends          *time.Time
}

// writeGroups writes the large partner's privilege groups: one of all customers, and one of every tenth.
func (b *builder) writeGroups(ctx context.Context) error {
	p := b.large
	b.groups = []string{named("grp", b.chance.at(p.created)), named("grp", b.chance.at(p.created))}
	err := b.fill(ctx, "privilege_groups", "id,created_at,updated_at,name,scope,tenant_id,role_id", len(b.groups), func(i int) []any {
		return []any{b.groups[i], p.created, p.created, groupNames[i], []string{"ALL_CUSTOMERS", "SPECIFIC_CUSTOMERS"}[i], p.id, role(access.ReadOnly)}
	})
	if err != nil {
		return err
	}
	err = b.fill(ctx, "group_members", "id,tenant_id,group_id,member_id", technicians, func(i int) []any {
		return []any{named("gme", b.chance.at(p.created)), p.id, b.groups[i%2], b.member(p.first + 2*Askers + i)}
	})
	if err != nil {
		return err
	}
	return b.fill(ctx, "group_customers", "id,tenant_id,group_id,customer_id,customer_sort_name", len(p.customers)/10, func(i int) []any {
		c := p.customers[i*10]
		return []any{named("gcu", b.chance.at(c.created)), p.id, b.groups[1], c.id, c.sort}
	})
}

var groupNames = []string{"Night shift", "Field service"}

// assignAll decides who may act where: the large partner's staff and its tech partners in customers of its, and three of the
// staff and a group in each tech partner's tenant. What is left are assignments of other partners' staff.
func (b *builder) assignAll() {
	p, n := b.large, b.plan.assigned
	step := len(p.customers) / n
	for k := range n {
		for i := range Askers {
			b.assignMember(p, p.customers[(i+k*step)%len(p.customers)], p.first+Askers+i)
		}
	}
	for i, t := range b.techs {
		for k := range b.plan.worked {
			a := b.assign(p, p.customers[(i*b.plan.worked+k)%len(p.customers)], t.partner.id, t.name)
			if t.partner.kind == "INSTALLER" { // which works for days
				a.starts, a.ends = b.now.AddDate(0, 0, -10), new(b.now.AddDate(0, 0, 20))
			}
		}
		for k := range 3 {
			b.assignMember(p, t, p.first+Askers+(i*3+k)%Askers)
		}
		b.assign(p, t, b.groups[i%2], groupNames[i%2])
	}
	var reached []*tenant
	for _, o := range b.others {
		reached = append(reached, o.customers...)
	}
	for i := 0; len(b.assignments) < b.size.Assignments; i++ {
		c := reached[i%len(reached)]
		by := c.bond.by
		b.assignMember(by, c, by.first+(i/len(reached)+i%len(reached))%by.people)
	}
}

func (b *builder) assignMember(by, to *tenant, i int) {
	first, last, _ := b.person(i)
	b.assign(by, to, b.member(i), first+" "+last)
}

// assign gives somebody a role in a tenant, three of ten times Administrator. One in five assignments has an end, and one in 41
// has had it.
func (b *builder) assign(by, to *tenant, grantee, name string) *assignment {
	n := len(b.assignments)
	a := assignment{by: by, to: to, grantee: grantee, name: name, role: access.ReadOnly}
	a.starts = b.now.Add(-young + young*9/10/time.Duration(b.size.Assignments)*time.Duration(n))
	if n%10 < 3 {
		a.role = access.Administrator
	}
	switch {
	case n%41 == 11:
		a.ends = new(b.now.Add(-time.Hour))
	case n%5 == 1:
		a.ends = new(b.now.Add(time.Duration(n%300+1) * 24 * time.Hour))
	}
	b.assignments = append(b.assignments, a)
	return &b.assignments[n]
}

func (b *builder) writeAssignments(ctx context.Context) error {
	b.assignAll()
	return b.fill(ctx, "assignments", "id,created_at,updated_at,partner_name,partner_type,partner_code,customer_name,customer_account_number,tenant_sort_name,"+
		"relationship_id,grantee_name,status,starts_at,ends_at,due_at,open_key,granter_id,tenant_id,grantee_id,role_id", len(b.assignments), func(i int) []any {
		a := b.assignments[i]
		var relationship any
		if a.to.bond != nil {
			relationship = a.to.bond.id
		}
		return []any{named("asg", b.chance.at(a.starts)), a.starts, a.starts, a.by.name, a.by.partner.kind, a.by.partner.code, a.to.name, none(a.to.number), a.to.sort,
			relationship, a.name, "ACTIVE", a.starts, a.ends, mandate.NextDue(a.starts, a.ends, nil, b.now), fmt.Sprintf("%s:%s:%s", a.grantee, a.to.id, a.by.id), a.by.id, a.to.id, a.grantee, role(a.role)}
	})
}
