package world

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"mandate/internal/access"
	"mandate/internal/auth"
	"mandate/internal/mandate"
)

// seat is somebody's place in a tenant: each person has one.
type seat struct {
	tenant *tenant
	place  int
	user   ulid.ULID
	member ulid.ULID
}

const technicians = 8 // of the large partner, in its privilege groups

// seatAll gives every tenant its people; what is left over are the staff of the other partners.
func (b *builder) seatAll() error {
	left := b.size.Users
	for _, t := range b.tenants {
		switch {
		case t == b.large:
			t.people = 2*Askers + technicians
		case t == b.small:
			t.people = Askers
		case t == b.customer:
			t.people = Askers + b.plan.crowd
		case t.kind == "CUSTOMER":
			t.people = b.plan.people
		case t.manager != nil:
			t.people = 2
		case t == b.operator:
			t.people = 1
		}
		left -= t.people
	}
	for i, t := range b.others {
		t.people = left / (len(b.others) - i)
		left -= t.people
	}
	b.seats = make([]seat, 0, b.size.Users)
	for _, t := range b.tenants {
		if t.people < 1 {
			return fmt.Errorf("there is nobody for %s", t.name)
		}
		t.first = len(b.seats)
		for place := range t.people {
			joined := t.created.Add(time.Duration(place) * time.Second)
			b.seats = append(b.seats, seat{t, place, b.chance.any(), b.chance.at(joined)})
		}
	}
	return nil
}

// person says how somebody is called, and where they get mail.
func (b *builder) person(i int) (first, last, email string) {
	first, last = of(given, i), of(family, 3*i+1)
	return first, last, b.handle(i) + "@" + b.seats[i].tenant.domain
}

// handle is somebody's User ID.
func (b *builder) handle(i int) string {
	return strings.ToLower(of(given, i)+"."+of(family, 3*i+1)) + fmt.Sprint(b.seats[i].place)
}

func (b *builder) user(i int) string   { return named("usr", b.seats[i].user) }
func (b *builder) member(i int) string { return named("mem", b.seats[i].member) }

// standing is what somebody is in their tenant.
type standing struct {
	administrator, guest bool
	status               string
	role                 access.RoleKey // "" for none
}

// standing of the i-th person. Administrators come first. Of a customer's others one is a guest, one was removed, and in
// every third customer one is suspended.
func (b *builder) standing(i int) standing {
	s := b.seats[i]
	place, several := s.place, 1
	switch s.tenant {
	case b.small, b.large:
		several = Askers
	case b.customer:
		several, place = Askers, (s.place-Askers)%20
	}
	switch {
	case s.place < several:
		return standing{administrator: true, status: "ACTIVE"}
	case s.tenant.kind == "CUSTOMER" && place == 1:
		return standing{guest: true, status: "ACTIVE"}
	case s.tenant.kind == "CUSTOMER" && place == 2:
		return standing{status: "REMOVED"}
	case s.tenant.kind == "CUSTOMER" && place == 3 && s.tenant.first/b.plan.people%3 == 0:
		return standing{status: "SUSPENDED", role: access.ReadOnly}
	}
	return standing{status: "ACTIVE", role: access.ReadOnly}
}

// writeUsers writes everybody, in the order of ids, which are chance. All have the same password: to make a million hashes
// would take hours.
func (b *builder) writeUsers(ctx context.Context) error {
	hash, err := auth.NewPasswords().Hash(ctx, password)
	if err != nil {
		return err
	}
	order := make([]int, len(b.seats))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return b.seats[x].user.Compare(b.seats[y].user) })
	return b.fill(ctx, "users", "id,created_at,updated_at,email,email_canonical,password_hash,password_changed_at", len(order), func(i int) []any {
		created := b.seats[order[i]].tenant.created
		_, _, email := b.person(order[i])
		return []any{b.user(order[i]), created, created, email, email, hash, created}
	})
}

func (b *builder) writeMembers(ctx context.Context) error {
	return b.fill(ctx, "members", "id,created_at,updated_at,first_name,last_name,sort_name,handle,present_handle,present_user_id,label,phone,"+
		"status,guest,administrator,role_id,last_signed_in_at,tenant_id,user_id", len(b.seats), func(i int) []any {
		t, s := b.seats[i].tenant, b.standing(i)
		first, last, _ := b.person(i)
		var handle, present, holds, seen any = b.handle(i), b.user(i), nil, nil
		if s.status == "REMOVED" {
			handle, present = nil, nil
		}
		if s.role != "" {
			holds = role(s.role)
		}
		if i%7 > 0 {
			seen = b.now.Add(-time.Duration(i*7_919%10_000) * time.Hour / 4)
		}
		return []any{b.member(i), t.created, t.created, first, last, mandate.SortName(first + " " + last), b.handle(i), handle, present, first + " " + last,
			fmt.Sprintf("+4930%07d", i), s.status, s.guest, s.administrator, holds, seen, t.id, b.user(i)}
	})
}

// writePermissions writes the levels of guests, who have no role.
func (b *builder) writePermissions(ctx context.Context) error {
	features := []string{"invoices", "orders", "services", "tickets"}
	var guests []int
	for i := range b.seats {
		if b.standing(i).guest {
			guests = append(guests, i)
		}
	}
	return b.fill(ctx, "member_permissions", "id,tenant_id,member_id,feature,level", len(guests)*len(features), func(i int) []any {
		s := b.seats[guests[i/len(features)]]
		return []any{named("mpm", b.chance.at(s.tenant.created)), s.tenant.id, named("mem", s.member), features[i%len(features)], access.View}
	})
}

// life is how long the sessions last: longer than anybody measures. They were last seen at its end, so that none is idle
// while others are measured, and no request is the one of a minute that notes a session's use.
const life = 30 * 24 * time.Hour

// writeSessions signs the askers in.
func (b *builder) writeSessions(ctx context.Context) (map[Part][]string, error) {
	tokens := make(map[Part][]string)
	var rows [][]any
	for _, p := range []struct {
		part  Part
		first int
	}{{PartnerAdmin, b.large.first}, {PartnerStaff, b.large.first + Askers}, {SmallPartner, b.small.first}, {CustomerAdmin, b.customer.first}} {
		for i := range Askers {
			token, hash := auth.NewToken()
			tokens[p.part] = append(tokens[p.part], token)
			rows = append(rows, []any{named("ses", b.chance.at(b.now)), b.now, b.now, b.user(p.first + i), hash, b.now, b.now, b.now.Add(life), b.now.Add(life)})
		}
	}
	return tokens, b.fill(ctx, "sessions", "id,created_at,updated_at,user_id,token_hash,started_at,authenticated_at,last_seen_at,expires_at", len(rows),
		func(i int) []any { return rows[i] })
}
