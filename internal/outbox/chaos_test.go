package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"mandate/ent"
	"mandate/ent/auditevent"
	"mandate/ent/outboxmessage"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/mail"
	"mandate/internal/mandate"
	"mandate/internal/testdb"
)

// seedVariable names the variable that repeats a run, as far as that goes.
const seedVariable = "MANDATE_TEST_SEED"

func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if n, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s=%d", seedVariable, n)
	return n
}

// chaos is a world in which everything goes wrong that can: the mail server has moods, and workers die.
type chaos struct {
	*world
	url    string
	office *moodyOffice

	mu        sync.Mutex
	rand      *rand.Rand
	committed []string // receivers of the mails that were promised
	revoked   []string // receivers of the mails whose transaction was rolled back
	early     []string // receivers that were named to the mail server before anybody could see that they were written to

	crashes, interrupted atomic.Int64
}

// quick is how long a message may take in chaos, and hasty by how much its clock runs faster: so the lease is still longer than sending.
const (
	quick = 250 * time.Millisecond
	hasty = 240
)

func newChaos(t *testing.T, databaseURL string) *chaos {
	t.Helper()
	n := seed(t)
	c := &chaos{world: newWorld(t, databaseURL), url: databaseURL, rand: rand.New(rand.NewPCG(n, 2))}
	c.office = newMoodyOffice(t, n, func(to string) {
		var there int
		if err := c.db.Read.QueryRow("SELECT COUNT(*) FROM outbox_messages WHERE recipient = ?", to).Scan(&there); err != nil {
			t.Error(err)
		}
		if there != 1 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.early = append(c.early, to)
		}
	})
	return c
}

// number is at least 0 and less than n.
func (c *chaos) number(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

// hurry lets time pass faster until ctx is done.
func (c *chaos) hurry(ctx context.Context) {
	const step = 10 * time.Millisecond
	for tick := time.NewTicker(step); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			c.pass(step * hasty)
		}
	}
}

// writes promises mails in transactions, some of which take a while, and some of which are rolled back.
func (c *chaos) writes(who string, mails int) {
	for n := range mails {
		to := fmt.Sprintf("%s%d@contoso.example", who, n)
		if err := c.promises(to, c.number(4) == 0); err != nil {
			c.t.Errorf("%s: %v", to, err)
		}
		time.Sleep(time.Duration(c.number(60)) * time.Millisecond)
	}
}

var errRollback = errors.New("taken back")

func (c *chaos) promises(to string, takeBack bool) error {
	ctx := clock.With(c.ctx, c.clock())
	var invited *string
	if c.number(3) > 0 {
		id := c.invitationTo(to)
		invited = &id
	}
	for {
		err := func() error {
			tx, err := c.client.Tx(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }()
			err = tx.OutboxMessage.Create().SetKind("invitation").SetRecipient(to).SetRecipientCanonical(to).SetSubject("Invitation from Acme").
				SetText("a secret").SetHTML("<p>a secret</p>").SetSecret(true).SetNextAttemptAt(c.clock()).SetNillableInvitationID(invited).Exec(ctx)
			if err != nil {
				return err
			}
			time.Sleep(time.Duration(c.number(20)) * time.Millisecond)
			if takeBack {
				return errRollback
			}
			return tx.Commit()
		}()
		if database.IsBusy(err) {
			continue
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case errors.Is(err, errRollback):
			c.revoked = append(c.revoked, to)
		case err == nil:
			c.committed = append(c.committed, to)
		default:
			return err
		}
		return nil
	}
}

// life is a worker from its start to its death, with connections of its own to the database and to the mail server.
type life struct {
	db     *database.DB
	cancel context.CancelFunc
	dead   context.Context
	busy   atomic.Int64
}

// Send hands a message over until death.
func (l *life) Send(ctx context.Context, m mail.Message, to Sender) error {
	l.busy.Add(1)
	defer l.busy.Add(-1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.dead, cancel)()
	return to.Send(ctx, m)
}

type mortal struct {
	*life
	to Sender
}

func (m mortal) Send(ctx context.Context, message mail.Message) error {
	return m.life.Send(ctx, message, m.to)
}

// begins starts a worker that can die.
func (c *chaos) begins(all *sync.WaitGroup) (*life, *Worker) {
	db, err := database.Open(context.Background(), c.url)
	if err != nil {
		c.t.Error(err)
		return nil, nil
	}
	sender, err := mail.Open("smtp://"+c.office.address, "Mandate <no-reply@mandate.example>")
	if err != nil {
		c.t.Error(err)
		return nil, nil
	}
	l := &life{db: db}
	l.dead, l.cancel = context.WithCancel(context.Background())
	client := ent.NewClient(ent.Driver(entsql.OpenDB(db.Dialect, db.Write)))
	domain := mandate.New(mandate.Config{Client: client, Dialect: db.Dialect, Clock: c.clock})
	w := New(Config{Client: client, Sender: mortal{l, sender}, Clock: c.clock, PublicURL: &url.URL{Scheme: "https", Host: "mandate.example"},
		Log: slog.New(slog.DiscardHandler), Delivery: domain.NoteDelivery})
	w.poll, w.sendLimit = 20*time.Millisecond, quick
	all.Go(func() { w.Run(l.dead) })
	return l, w
}

// dies ends a worker at once: whatever it was doing, it does no more.
func (c *chaos) dies(l *life) {
	c.crashes.Add(1)
	if l.busy.Load() > 0 {
		c.interrupted.Add(1)
	}
	l.cancel()
	_ = l.db.Close()
}

// works lets a worker live and die again and again until ctx is done.
func (c *chaos) works(ctx context.Context, all *sync.WaitGroup) {
	for ctx.Err() == nil {
		l, _ := c.begins(all)
		if l == nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(50+c.number(500)) * time.Millisecond):
		}
		c.dies(l)
	}
}

// retriesAll is an operator who has everything tried anew that was given up.
func (c *chaos) retriesAll() {
	for _, id := range c.client.OutboxMessage.Query().Where(outboxmessage.StatusEQ(outboxmessage.StatusDead)).IDsX(c.ctx) {
		c.retries(id)
	}
}

// TestF06F07NoMailIsLostInChaos: a mail server with every mood there is, two workers that die at any moment, and mails that are
// promised and taken back meanwhile. Whatever was committed arrives, nothing before its commit, nothing that was rolled back, and
// what arrives twice does so under one Message-ID.
func TestF06F07NoMailIsLostInChaos(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		c := newChaos(t, url)
		storm, over := context.WithTimeout(t.Context(), 8*time.Second)
		defer over()
		ticking, stop := context.WithCancel(t.Context())
		var clockwork, workers, writers sync.WaitGroup
		clockwork.Go(func() { c.hurry(ticking) })
		for range 2 {
			workers.Go(func() { c.works(storm, &workers) })
		}
		for _, who := range []string{"ada", "bea", "cleo"} {
			writers.Go(func() { c.writes(who, 40) })
		}
		writers.Wait()
		for storm.Err() == nil {
			c.retriesAll()
			time.Sleep(200 * time.Millisecond)
		}
		workers.Wait()

		c.office.calms()
		survivor, _ := c.begins(&workers)
		eventually(t, "all mails are sent", func() bool {
			c.retriesAll()
			c.pass(time.Hour)
			return !c.client.OutboxMessage.Query().Where(outboxmessage.StatusNEQ(outboxmessage.StatusSent)).ExistX(c.ctx)
		})
		stop()
		clockwork.Wait()
		c.dies(survivor)
		workers.Wait()
		c.judge()
	})
}

// judge holds what arrived against what was promised.
func (c *chaos) judge() {
	o := c.office
	o.mu.Lock()
	defer o.mu.Unlock()
	twice := 0
	for _, to := range c.committed {
		m := c.client.OutboxMessage.Query().Where(outboxmessage.Recipient(to)).OnlyX(c.ctx)
		ids := o.arrived[to]
		if len(ids) == 0 {
			c.t.Errorf("the mail to %s never arrived: %v", to, m)
		}
		if len(ids) > 1 {
			twice++
		}
		for _, id := range ids {
			if want := "<" + m.ID + "@mandate.example>"; id != want {
				c.t.Errorf("the mail to %s has the Message-ID %s; want %s", to, id, want)
			}
		}
		if m.Text != "" || m.HTML != "" {
			c.t.Errorf("the secret in the mail to %s stayed", to)
		}
		delete(o.arrived, to)
	}
	if len(o.arrived) > 0 {
		c.t.Errorf("mails arrived that were never promised: %v", o.arrived)
	}
	if len(c.early) > 0 {
		c.t.Errorf("before their commit, or without one, these were written to: %v", c.early)
	}
	c.judgeInvitations()
	for _, m := range moods {
		if o.met[m.name] == 0 {
			c.t.Errorf("the mail server never %s", m.name)
		}
	}
	c.t.Logf("%d mails arrived, %d of them more than once, %d were taken back; workers died %d times, %d times with mails in hand; moods: %v",
		len(c.committed), twice, len(c.revoked), c.crashes.Load(), c.interrupted.Load(), o.met)
	if len(c.revoked) == 0 || c.interrupted.Load() == 0 || twice == 0 {
		c.t.Error("there was too little chaos to tell anything")
	}
}

// judgeInvitations wants every invitation delivered in the end, and its trail to tell of that in turn.
func (c *chaos) judgeInvitations() {
	given := 0
	for _, inv := range c.client.Invitation.Query().AllX(c.ctx) {
		if inv.Undeliverable {
			c.t.Errorf("the mail of %s arrived, and it counts as undeliverable", inv.ID)
		}
		trail := c.client.AuditEvent.Query().Where(auditevent.TargetID(inv.ID)).Order(auditevent.ByID()).Select(auditevent.FieldAction).StringsX(c.ctx)
		given += len(trail) / 2
		want := slices.Repeat([]string{"invitation.undeliverable", "invitation.delivered"}, len(trail)/2)
		if !slices.Equal(trail, want) || inv.Version != 1+len(trail) {
			c.t.Errorf("version %d, and the trail tells %v", inv.Version, trail)
		}
	}
	c.t.Logf("invitations were undeliverable for a time %d times", given)
	if given == 0 {
		c.t.Error("no invitation was undeliverable for a time")
	}
}
