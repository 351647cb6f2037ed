package mandate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mandate/ent"
	"mandate/ent/device"
	"mandate/ent/predicate"
	"mandate/ent/rule"
	"mandate/ent/servicesubscription"
	"mandate/ent/site"
	"mandate/internal/access"
)

// SyncInventory brings sites, devices and subscriptions of a tenant into line with the operator's books, all or nothing:
// what is known by its number is updated, what is not is added, and what is not named stays. The same command again
// writes nothing, and a dry run only counts. Takes SITES MANAGE for all sites, and SERVICES_ADMIN MANAGE.
//
// LIMIT_EXCEEDED for more than 100 of a kind. Other errors name the row: CONFLICT for a thing named twice, NOT_FOUND for a
// device's site, INVALID, REQUIRED, TOO_LONG.
func (s *Service) SyncInventory(ctx context.Context, cmd SyncInventory) (done *Synced, err error) {
	said, faults := readBooks(cmd)
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.lock(ctx, cmd.TenantID); err != nil {
			return err
		}
		reach, err := t.need(ctx, cmd.TenantID, []string{"tenantId"}, access.Sites, access.ServicesAdmin)
		if err != nil {
			return err
		}
		if !managesAllSites(reach) {
			return ErrForbidden
		}
		stored, err := t.inventory(ctx, cmd.TenantID, said)
		if err != nil {
			return err
		}
		if faults := slices.Concat(faults, said.strayDevices(stored)); len(faults) > 0 {
			return faults
		}
		done = new(Synced)
		if done.Tenant, err = t.tenant(ctx, cmd.TenantID); err != nil {
			return err
		}
		d := stored.differences(said, done)
		if orZero(cmd.DryRun) || len(d.changes) == 0 {
			return nil
		}
		if err := t.sync(ctx, cmd.TenantID, d, stored); err != nil {
			return err
		}
		return t.record(ctx, event{action: "inventory.synced", tenant: cmd.TenantID, changes: d.changes})
	}, &done)
	return done, err
}

// managesAllSites reports whether the viewer holds MANAGE on SITES by a path that is not narrowed to listed sites.
func managesAllSites(r *rule.Reach) bool {
	return slices.ContainsFunc(r.Paths, func(p rule.Path) bool {
		return p.Levels.At(access.Sites) == access.Manage && (p.Via != rule.Own || p.Home.AllSites)
	})
}

// inventory is what is stored of the things that books name, by their numbers.
type inventory struct {
	sites         map[string]siteEntry
	siteIDs       map[string]string // of the sites where devices stand too
	devices       map[string]deviceEntry
	subscriptions map[string]subscriptionEntry
}

// inventory reads what is stored of the things that the books name, in one statement a kind.
func (t *tx) inventory(ctx context.Context, tenantID string, said books) (*inventory, error) {
	numbers := numbersOf(said.sites)
	for _, e := range said.devices {
		numbers = append(numbers, e.site)
	}
	sites, err := t.Site.Query().Where(site.TenantID(tenantID), site.AccountNumberIn(numbers...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	devices, err := t.Device.Query().Where(device.TenantID(tenantID), device.SerialNumberIn(numbersOf(said.devices)...)).WithSite().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	subscriptions, err := t.ServiceSubscription.Query().Where(servicesubscription.TenantID(tenantID),
		servicesubscription.ExternalIDIn(numbersOf(said.subscriptions)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read subscriptions: %w", err)
	}
	stored := &inventory{byNumber(sites, siteEntryOf), make(map[string]string), byNumber(devices, deviceEntryOf), byNumber(subscriptions, subscriptionEntryOf)}
	for _, row := range sites {
		stored.siteIDs[row.AccountNumber] = row.ID
	}
	return stored, nil
}

func numbersOf[E entry](list []E) []string {
	numbers := make([]string, len(list))
	for i, e := range list {
		numbers[i] = e.number()
	}
	return numbers
}

func byNumber[R any, E entry](rows []R, entryOf func(R) E) map[string]E {
	known := make(map[string]E, len(rows))
	for _, row := range rows {
		e := entryOf(row)
		known[e.number()] = e
	}
	return known
}

// differences are what books say otherwise than what is stored does.
type differences struct {
	sites         difference[siteEntry]
	devices       difference[deviceEntry]
	subscriptions difference[subscriptionEntry]
	changes       []access.Change
}

type difference[E entry] struct{ added, changed []E }

// differences compares the books with what is stored, and counts.
func (stored *inventory) differences(said books, done *Synced) (d differences) {
	d.sites = compare("site", said.sites, stored.sites, done, &d.changes)
	d.devices = compare("device", said.devices, stored.devices, done, &d.changes)
	d.subscriptions = compare("subscription", said.subscriptions, stored.subscriptions, done, &d.changes)
	return d
}

func compare[E entry](kind string, said []E, stored map[string]E, done *Synced, changes *[]access.Change) (d difference[E]) {
	for _, e := range said {
		before, known := stored[e.number()]
		if known && before == e {
			done.Unchanged++
			continue
		}
		after := e.title()
		c := access.Change{Field: kind + " " + e.number(), After: &after}
		if known {
			done.Updated++
			d.changed = append(d.changed, e)
			title := before.title()
			c.Before = &title
		} else {
			done.Created++
			d.added = append(d.added, e)
		}
		*changes = append(*changes, c)
	}
	return d
}

// sync writes what is different, the sites first: devices stand there.
func (t *tx) sync(ctx context.Context, tenantID string, d differences, stored *inventory) error {
	if err := t.syncSites(ctx, tenantID, d.sites, stored); err != nil {
		return err
	}
	if err := t.syncDevices(ctx, tenantID, d.devices, stored); err != nil {
		return err
	}
	return t.syncSubscriptions(ctx, tenantID, d.subscriptions)
}

func (t *tx) syncSites(ctx context.Context, tenantID string, d difference[siteEntry], stored *inventory) error {
	rows := make([]*ent.SiteCreate, len(d.added))
	for i, e := range d.added {
		rows[i] = t.Site.Create().SetTenantID(tenantID).SetAccountNumber(e.account).SetName(e.name).SetSortName(SortName(e.name)).
			SetNillableCity(some(e.city)).SetNillableRegion(some(e.region)).SetStatus(e.status)
	}
	added, err := t.Site.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return fmt.Errorf("add sites: %w", err)
	}
	for _, row := range added {
		stored.siteIDs[row.AccountNumber] = row.ID
	}
	for _, e := range d.changed {
		update := t.Site.Update().Where(site.ID(stored.siteIDs[e.account])).SetName(e.name).SetSortName(SortName(e.name)).SetStatus(e.status)
		setOrClear(e.city, update.SetCity, update.ClearCity)
		setOrClear(e.region, update.SetRegion, update.ClearRegion)
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("change a site: %w", err)
		}
	}
	return nil
}

func (t *tx) syncDevices(ctx context.Context, tenantID string, d difference[deviceEntry], stored *inventory) error {
	rows := make([]*ent.DeviceCreate, len(d.added))
	for i, e := range d.added {
		rows[i] = t.Device.Create().SetTenantID(tenantID).SetSerialNumber(e.serial).SetNillableName(some(e.name)).
			SetNillableSiteID(some(stored.siteIDs[e.site]))
	}
	if err := t.Device.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("add devices: %w", err)
	}
	for _, e := range d.changed {
		update := t.Device.Update().Where(device.TenantID(tenantID), device.SerialNumber(e.serial))
		setOrClear(e.name, update.SetName, update.ClearName)
		setOrClear(stored.siteIDs[e.site], update.SetSiteID, update.ClearSite)
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("change a device: %w", err)
		}
	}
	return nil
}

func (t *tx) syncSubscriptions(ctx context.Context, tenantID string, d difference[subscriptionEntry]) error {
	rows := make([]*ent.ServiceSubscriptionCreate, len(d.added))
	for i, e := range d.added {
		rows[i] = t.ServiceSubscription.Create().SetTenantID(tenantID).SetExternalID(e.id).SetName(e.name).SetActive(e.active).
			SetNillableEndsAt(e.end())
	}
	if err := t.ServiceSubscription.CreateBulk(rows...).Exec(ctx); err != nil {
		return fmt.Errorf("add subscriptions: %w", err)
	}
	for _, e := range d.changed {
		update := t.ServiceSubscription.Update().Where(servicesubscription.TenantID(tenantID), servicesubscription.ExternalID(e.id)).
			SetName(e.name).SetActive(e.active).SetNillableEndsAt(e.end())
		if e.end() == nil {
			update.ClearEndsAt()
		}
		if err := update.Exec(ctx); err != nil {
			return fmt.Errorf("change a subscription: %w", err)
		}
	}
	return nil
}

// setOrClear sets a column that may be empty.
func setOrClear[U any](value string, set func(string) U, empty func() U) {
	if value == "" {
		empty()
	} else {
		set(value)
	}
}

// SubscriptionRuns reports whether a subscription runs at a moment: not switched off, and not past its end.
func SubscriptionRuns(row *ent.ServiceSubscription, now time.Time) bool {
	return row.Active && (row.EndsAt == nil || row.EndsAt.After(now))
}

// RunningAt matches the subscriptions that run at a moment.
func RunningAt(now time.Time) predicate.ServiceSubscription {
	return servicesubscription.And(servicesubscription.Active(true),
		servicesubscription.Or(servicesubscription.EndsAtIsNil(), servicesubscription.EndsAtGT(now)))
}
