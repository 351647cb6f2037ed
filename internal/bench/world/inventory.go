package world

import (
	"context"
	"fmt"

	"mandate/internal/mandate"
)

// Every customer has as much as any other, so that a page of them is the same work in every world.
const (
	devices       = 3
	subscriptions = 2 // one of which runs
)

func (b *builder) writeInventory(ctx context.Context) error {
	sites := make([]string, len(b.customers))
	for i, c := range b.customers {
		sites[i] = named("sit", b.chance.at(c.created))
	}
	err := b.fill(ctx, "sites", "id,created_at,updated_at,account_number,name,sort_name,city,status,tenant_id", len(sites), func(i int) []any {
		c, city := b.customers[i], of(towns, i)
		return []any{sites[i], c.created, c.created, c.number + "-1", "Head office " + city, mandate.SortName("Head office " + city), city, "UP", c.id}
	})
	if err != nil {
		return err
	}
	err = b.fill(ctx, "devices", "id,created_at,updated_at,serial_number,name,tenant_id,site_id", devices*len(b.customers), func(i int) []any {
		c := b.customers[i/devices]
		return []any{named("dev", b.chance.at(c.created)), c.created, c.created, fmt.Sprintf("SN-%08d", i), fmt.Sprintf("Router %d", i%devices+1), c.id, sites[i/devices]}
	})
	if err != nil {
		return err
	}
	return b.fill(ctx, "service_subscriptions", "id,created_at,updated_at,external_id,name,active,tenant_id", subscriptions*len(b.customers), func(i int) []any {
		c := b.customers[i/subscriptions]
		return []any{named("sub", b.chance.at(c.created)), c.created, c.created, fmt.Sprintf("S-%08d", i), []string{"Telephony", "Trial"}[i%subscriptions],
			i%subscriptions == 0, c.id}
	})
}
