package rule

import (
	"context"
	"errors"
	"fmt"
)

// Feature is a feature of the catalogue: what levels are given on, beside the platform's features.
type Feature struct {
	Key, Name string
	Labels    [3]string // what its levels are called
	Retired   bool
}

// Catalogue lists the features of the catalogue in their order, those that are retired too. It is read once.
func (a *Access) Catalogue(ctx context.Context) ([]Feature, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.catalogue != nil {
		return a.catalogue, nil
	}
	rows, err := a.db.QueryContext(ctx, "SELECT `key`, name, none_label, view_label, manage_label, retired FROM features ORDER BY position, id")
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	defer rows.Close()
	list := []Feature{}
	for rows.Next() {
		var f Feature
		if err := rows.Scan(&f.Key, &f.Name, &f.Labels[0], &f.Labels[1], &f.Labels[2], &f.Retired); err != nil {
			return nil, fmt.Errorf("read the catalogue: %w", err)
		}
		list = append(list, f)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	a.catalogue = list
	return list, nil
}
