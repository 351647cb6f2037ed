package graph

import (
	"context"

	"mandate/ent"
	"mandate/ent/tablepreference"
	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// tablePreference reads which columns of a table the viewer wants to see. A session that entered a tenant reads none that
// the person stored.
func (r *Resolver) tablePreference(ctx context.Context, table string) (*mandate.TablePreference, error) {
	row, err := r.Client.TablePreference.Query().
		Where(tablepreference.UserID(viewer.From(ctx).UserID), tablepreference.TableEQ(table)).Only(ctx)
	if ent.IsNotFound(err) {
		return mandate.PreferenceOf(table, nil), nil
	}
	if err != nil {
		return nil, err
	}
	return mandate.PreferenceOf(table, row.Columns), nil
}
