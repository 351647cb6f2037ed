package rule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Feature is a feature of the catalogue: what levels are given on, beside the platform's features.
type Feature struct {
	Key, Name string
	Labels    [3]string // what its levels are called
	Retired   bool
	position  int // in the order, before the id
	id        string
}

// Catalogue lists the features of the catalogue in their order, those that are retired too. It is read once.
func (a *Access) Catalogue(ctx context.Context) ([]Feature, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.catalogue != nil {
		return a.catalogue, nil
	}
	return a.readCatalogue(ctx, "")
}

// HoldCatalogue reads the catalogue for a transaction, in a statement that ends with how to lock it: what Catalogue lists from then on
// is so until the transaction ends.
func (a *Access) HoldCatalogue(ctx context.Context, how string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.readCatalogue(ctx, " "+how)
	a.held = err == nil
	return err
}

func (a *Access) readCatalogue(ctx context.Context, lock string) ([]Feature, error) {
	rows, err := a.db.QueryContext(ctx, "SELECT `key`, name, none_label, view_label, manage_label, retired, position, id FROM features"+lock)
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	defer rows.Close()
	list := []Feature{}
	for rows.Next() {
		var f Feature
		if err := rows.Scan(&f.Key, &f.Name, &f.Labels[0], &f.Labels[1], &f.Labels[2], &f.Retired, &f.position, &f.id); err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
		list = append(list, f)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	slices.SortFunc(list, func(f, g Feature) int { return cmp.Or(cmp.Compare(f.position, g.position), cmp.Compare(f.id, g.id)) })
	a.catalogue = list
	return list, nil
}
