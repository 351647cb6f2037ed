package mandate

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"

	"mandate/ent"
	"mandate/ent/assignment"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/relationship"
	"mandate/internal/mail"
)

// announceRelationships tells both sides of relationships what the clock has to tell of each: that it ends soon, that its end
// moved by itself, that it ended. It is told once: whoever comes second finds that nothing is due any more. Suspended ones end
// like others.
func (t *tx) announceRelationships(ctx context.Context, ids []string) error {
	if err := t.lockDue(ctx, "relationships", ids); err != nil {
		return err
	}
	rows, err := t.Relationship.Query().Where(relationship.IDIn(ids...), relationship.DueAtLTE(t.now), relationship.EndsAtNotNil()).Order(relationship.ByDueAt(), relationship.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read relationships: %w", err)
	}
	news := &digest{t: t}
	for _, rel := range rows {
		if err := t.announceRelationship(ctx, rel, news); err != nil {
			return err
		}
	}
	return news.send(ctx)
}

// lockDue locks rows of a table for what is to be announced of them.
func (t *tx) lockDue(ctx context.Context, table string, ids []string) error {
	if t.s.Dialect != dialect.MySQL {
		return nil
	}
	return t.readIn(ctx, table, "id", ids, forUpdate)
}

func (t *tx) announceRelationship(ctx context.Context, rel *ent.Relationship, news *digest) error {
	switch {
	case rel.ActiveCustomerID == nil:
		if err := t.Relationship.UpdateOne(rel).ClearDueAt().Exec(ctx); err != nil {
			return fmt.Errorf("note what was announced: %w", err)
		}
		if rel.Status != relationship.StatusExpired { // a server of an older program ended it, and told of it
			return nil
		}
		return news.sides(ctx, rel, mail.AccessesEnded, func(with string) mail.Template { return mail.RelationshipEnded{With: with, EndedAt: *rel.EndsAt} })
	case !t.now.Before(*rel.EndsAt): // its end is not recorded yet
		return nil
	case rel.AutoExtendDays != nil:
		return t.announceMove(ctx, rel, news)
	}
	if err := t.Relationship.UpdateOne(rel).SetDueAt(*NextDue(rel.StartsAt, rel.EndsAt, nil, t.now)).Exec(ctx); err != nil {
		return fmt.Errorf("note what was announced: %w", err)
	}
	if !isAnnounced(rel.StartsAt, *rel.EndsAt, *rel.DueAt, t.now) {
		return nil
	}
	l := mail.AccessEnding{Who: rel.PartnerName, Tenant: orZero(rel.CustomerName), EndsAt: *rel.EndsAt, Days: daysUntil(*rel.EndsAt, t.now)}
	if err := news.sides(ctx, rel, mail.AccessesEnding, func(string) mail.Template { return l }); err != nil {
		return err
	}
	e := t.between(standing{Relationship: rel}, "relationship.ending")
	e.changes = change("endsAt", "", stamp(rel.EndsAt))
	return t.record(ctx, e)
}

// announceMove moves the end of a relationship that moves by itself, and tells of it.
func (t *tx) announceMove(ctx context.Context, rel *ent.Relationship, news *digest) error {
	moved, err := t.move(ctx, rel)
	if err != nil {
		return err
	}
	err = news.sides(ctx, moved, mail.AccessesExtended, func(with string) mail.Template {
		return mail.RelationshipExtended{With: with, Days: *rel.AutoExtendDays, EndsAt: *moved.EndsAt}
	})
	if err != nil {
		return err
	}
	e := t.between(standing{Relationship: moved}, "relationship.extended")
	e.changes = change("endsAt", stamp(rel.EndsAt), stamp(moved.EndsAt))
	return t.record(ctx, e)
}

// announceAssignments tells the administrators of the partner that granted assignments, and whoever they were given to, which
// ones end soon and which ended. All were granted by one partner.
func (t *tx) announceAssignments(ctx context.Context, ids []string) error {
	if err := t.lockDue(ctx, "assignments", ids); err != nil {
		return err
	}
	rows, err := t.Assignment.Query().Where(assignment.IDIn(ids...), assignment.DueAtLTE(t.now), assignment.EndsAtNotNil()).Order(assignment.ByDueAt(), assignment.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read assignments: %w", err)
	}
	news := &digest{t: t}
	told := make(map[string][]*ent.Assignment) // by action
	for _, a := range rows {
		action, err := t.announceAssignment(ctx, a, news)
		if err != nil {
			return err
		}
		told[action] = append(told[action], a)
	}
	for _, action := range []string{"assignment.ending", "assignment.expired"} {
		if err := t.recordAssignments(ctx, action, told[action]); err != nil {
			return err
		}
	}
	return news.send(ctx)
}

// announceAssignment returns the action of the event in which an assignment is told of; "" for none.
func (t *tx) announceAssignment(ctx context.Context, a *ent.Assignment, news *digest) (action string, err error) {
	one := mail.Access{Who: a.GranteeName, Tenant: orZero(a.CustomerName), At: *a.EndsAt}
	update := t.Assignment.UpdateOne(a)
	switch {
	case a.OpenKey == nil && a.Status == assignment.StatusExpired:
		action = "assignment.expired"
		err = news.grant(ctx, a, mail.AccessesEnded, one, mail.AccessEnded{Who: one.Who, Tenant: one.Tenant, EndedAt: one.At})
		update.ClearDueAt()
	case a.OpenKey == nil: // a server of an older program took it back
		update.ClearDueAt()
	case !t.now.Before(*a.EndsAt): // its end is not recorded yet
		return "", nil
	default:
		if isAnnounced(a.StartsAt, *a.EndsAt, *a.DueAt, t.now) {
			action = "assignment.ending"
			err = news.grant(ctx, a, mail.AccessesEnding, one, mail.AccessEnding{Who: one.Who, Tenant: one.Tenant, EndsAt: one.At, Days: daysUntil(one.At, t.now)})
		}
		update.SetDueAt(*NextDue(a.StartsAt, a.EndsAt, nil, t.now))
	}
	if err != nil {
		return "", err
	}
	if err := update.Exec(ctx); err != nil {
		return "", fmt.Errorf("note what was announced: %w", err)
	}
	return action, nil
}

// recordAssignments writes one event for each tenant that some assignments of one partner reach.
func (t *tx) recordAssignments(ctx context.Context, action string, rows []*ent.Assignment) error {
	for _, g := range grouped(rows, func(a *ent.Assignment) string { return a.TenantID }) {
		first := g.rows[0]
		e := event{action: action, tenant: g.key, other: first.GranterID, relationship: orZero(first.RelationshipID)}
		for _, a := range g.rows {
			e.targets = append(e.targets, a.ID)
			e.changes = append(e.changes, change("endsAt", "", stamp(a.EndsAt))...)
		}
		if len(g.rows) == 1 {
			e.target, e.targetName, e.targets = first.ID, first.GranteeName, nil
		}
		if err := t.record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// digest gathers what a transaction has to tell, so that everybody gets one mail about all that happens to them alike.
type digest struct {
	t      *tx
	admins map[string][]*ent.User // of tenants
	list   []*bulletin
}

// bulletin is what one person is told.
type bulletin struct {
	to     *ent.User
	what   mail.AccessEvent
	list   []mail.Access
	letter mail.Template // about the first of them
}

// tell adds an access to what a person is told; by itself it is told in the letter.
func (d *digest) tell(to *ent.User, what mail.AccessEvent, one mail.Access, l mail.Template) {
	i := slices.IndexFunc(d.list, func(b *bulletin) bool { return b.to.ID == to.ID && b.what == what })
	if i < 0 {
		d.list = append(d.list, &bulletin{to: to, what: what, list: []mail.Access{one}, letter: l})
		return
	}
	if b := d.list[i]; !slices.Contains(b.list, one) {
		b.list = append(b.list, one)
	}
}

// administrators tells those of a tenant.
func (d *digest) administrators(ctx context.Context, tenantID string, what mail.AccessEvent, one mail.Access, l mail.Template) error {
	people, known := d.admins[tenantID]
	if !known {
		var err error
		if people, err = d.t.administrators(ctx, tenantID); err != nil {
			return err
		}
		if d.admins == nil {
			d.admins = make(map[string][]*ent.User)
		}
		d.admins[tenantID] = people
	}
	for _, u := range people {
		d.tell(u, what, one, l)
	}
	return nil
}

// sides tells the administrators of both sides of a relationship: by itself in a letter that names the other one.
func (d *digest) sides(ctx context.Context, rel *ent.Relationship, what mail.AccessEvent, l func(with string) mail.Template) error {
	one := mail.Access{Who: rel.PartnerName, Tenant: orZero(rel.CustomerName), At: *rel.EndsAt}
	if err := d.administrators(ctx, rel.PartnerID, what, one, l(one.Tenant)); err != nil {
		return err
	}
	return d.administrators(ctx, rel.CustomerID, what, one, l(one.Who))
}

// grant tells of an assignment: the administrators of the partner that granted it; and whoever it was given to, which is for a
// tech partner its administrators. A privilege group's people have it by what its administrators decide.
func (d *digest) grant(ctx context.Context, a *ent.Assignment, what mail.AccessEvent, one mail.Access, l mail.Template) error {
	if err := d.administrators(ctx, a.GranterID, what, one, l); err != nil {
		return err
	}
	m, err := d.t.Member.Query().Where(member.ID(a.GranteeID), member.StatusEQ(member.StatusActive)).WithUser().Only(ctx)
	if err == nil {
		d.tell(m.Edges.User, what, one, l)
		return nil
	}
	if !ent.IsNotFound(err) {
		return fmt.Errorf("find out who was assigned: %w", err)
	}
	p, err := d.t.Partner.Query().Where(partner.ID(a.GranteeID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find out who was assigned: %w", err)
	}
	return d.administrators(ctx, p.TenantID, what, one, l)
}

// send leaves the mails in the outbox.
func (d *digest) send(ctx context.Context) error {
	for _, b := range d.list {
		m := mailing{kind: "access." + string(b.what), to: b.to, letter: b.letter}
		if len(b.list) > 1 {
			m.letter = mail.Accesses{Event: b.what, List: b.list}
		}
		if err := d.t.send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
