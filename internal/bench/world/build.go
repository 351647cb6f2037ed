package world

import (
	"context"
	"fmt"
	"time"

	"mandate/internal/database"
)

// password is everybody's.
const password = "correct horse battery"

// builder makes one world. It first decides who there is, and then writes table by table.
type builder struct {
	*writer
	chance chance
	size   Size
	plan   plan
	now    time.Time

	operator, large, small *tenant
	others, techs          []*tenant
	customers              []*tenant
	tenants                []*tenant // all of them
	points                 []*tenant // customers that the large partner reaches, by name
	customer               *tenant   // with many members
	seats                  []seat
	groups                 []string
	assignments            []assignment
}

// Build makes a world as of now in a database that is migrated and empty. Worlds of one size are alike but for their tokens
// and their times.
func Build(ctx context.Context, db *database.DB, size Size, now time.Time) (*World, error) {
	plan, ok := plans[size]
	if !ok {
		return nil, fmt.Errorf("there is no plan of a world called %s", size.Name)
	}
	w, err := newWriter(ctx, db)
	if err != nil {
		return nil, err
	}
	defer w.pool.Close()
	b := &builder{writer: w, chance: newChance(), size: size, plan: plan, now: now.UTC().Truncate(time.Microsecond)}
	b.found()
	if err := b.seatAll(); err != nil {
		return nil, err
	}
	for _, write := range []func(context.Context) error{
		b.writeTenants, b.writePartners, b.writeUsers, b.writeMembers, b.writePermissions, b.writeRelationships, b.writeInvitations, b.writeTags,
		b.writeInventory, b.writeGroups, b.writeAssignments, b.writeTrail,
	} {
		if err := write(ctx); err != nil {
			return nil, err
		}
	}
	built := &World{Size: size, Partner: b.large.id, Customer: b.customer.id, Points: b.pointIDs(), Members: b.plain(), Password: password}
	_, _, built.Email = b.person(b.customers[0].first)
	if built.Tokens, err = b.writeSessions(ctx); err != nil {
		return nil, err
	}
	return built, b.analyze(ctx)
}

// mostPoints is how many customers are looked at by their ids.
const mostPoints = 512

// pointIDs takes as many customers, evenly.
func (b *builder) pointIDs() []string {
	n := min(mostPoints, len(b.points))
	ids := make([]string, n)
	for i := range ids {
		ids[i] = b.points[i*len(b.points)/n].id
	}
	return ids
}

// plain lists the active members of the customer with many who have a role, and so can be given levels besides.
func (b *builder) plain() (ids []string) {
	t := b.customer
	for i := t.first + Askers; i < t.first+t.people; i++ {
		if s := b.standing(i); s.status == "ACTIVE" && !s.guest {
			ids = append(ids, b.member(i))
		}
	}
	return ids
}
