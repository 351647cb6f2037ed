package mandate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mandate/ent"
	"mandate/ent/tablepreference"
	"mandate/internal/database"
)

// TablePreference is which columns of a table a person wants to see.
type TablePreference struct {
	Table     string
	Columns   []string
	IsDefault bool
}

// table is what a table can show, by the names that clients give its columns, and what it shows by itself.
type table struct{ columns, byItself []string }

var tables = map[string]table{
	"techPartners": {
		columns:  []string{"name", "type", "mspAdminCount", "assignedCustomersCount", "accountAdminCount", "tenantId", "code", "recognized", "status", "createdAt"},
		byItself: []string{"name", "type", "mspAdminCount", "assignedCustomersCount", "accountAdminCount", "tenantId"},
	},
	"customers": {
		columns:  []string{"name", "status", "accountNumber", "email", "address", "tags", "deviceCount", "subscriptionCount", "siteSummary", "serviceActivatedAt", "relationship", "createdAt"},
		byItself: []string{"name", "status", "tags", "address", "deviceCount", "subscriptionCount"},
	},
	"members": {
		columns:  []string{"name", "userId", "label", "firstName", "lastName", "email", "phone", "status", "guest", "administrator", "role", "permissions", "allSites", "lastSignedInAt", "createdAt"},
		byItself: []string{"name", "userId", "label", "administrator", "permissions", "role"},
	},
	"assignedCustomers": {
		columns:  []string{"name", "status", "accountNumber", "tags", "address", "deviceCount", "subscriptionCount", "assignment", "role", "accessPeriod"},
		byItself: []string{"name", "status", "tags", "address", "deviceCount", "subscriptionCount", "assignment"},
	},
}

// PreferenceOf returns what holds for a table when the columns are what a person stored, empty for nothing; nil for a
// table that there is not.
func PreferenceOf(name string, stored []string) *TablePreference {
	t, known := tables[name]
	if !known {
		return nil
	}
	if len(stored) == 0 {
		stored = t.byItself
	}
	return &TablePreference{Table: name, Columns: slices.Clone(stored), IsDefault: slices.Equal(stored, t.byItself)}
}

// SetTablePreference keeps which columns of a table the viewer wants to see, and in which order. In a session of one's
// own only.
//
// INVALID for a table or a column that there is not, and for a column named twice; REQUIRED without columns.
func (s *Service) SetTablePreference(ctx context.Context, cmd SetTablePreference) (p *TablePreference, err error) {
	if err := checkColumns(cmd); err != nil {
		return nil, err
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.preference(ctx, cmd.Table)
		if err != nil {
			return err
		}
		p = PreferenceOf(cmd.Table, cmd.Columns)
		if before != nil && slices.Equal(before.Columns, cmd.Columns) {
			return nil
		}
		if before == nil {
			err = t.TablePreference.Create().SetUserID(t.viewer.UserID).SetTable(cmd.Table).SetColumns(cmd.Columns).Exec(ctx)
		} else {
			err = t.TablePreference.UpdateOne(before).SetColumns(cmd.Columns).Exec(ctx)
		}
		if database.IsDuplicate(err) {
			return errAgain // the same person, elsewhere, at the same moment
		}
		if err != nil {
			return fmt.Errorf("keep the columns: %w", err)
		}
		return t.record(ctx, preferred("table_preference.set", cmd.Table, before, cmd.Columns))
	}, &p)
	return p, err
}

// ResetTablePreference goes back to the columns that a table has by itself. In a session of one's own only.
//
// INVALID for a table that there is not.
func (s *Service) ResetTablePreference(ctx context.Context, cmd ResetTablePreference) (p *TablePreference, err error) {
	if _, known := tables[cmd.Table]; !known {
		return nil, noTable()
	}
	err = s.tx(ctx, func(ctx context.Context, t *tx) error {
		before, err := t.preference(ctx, cmd.Table)
		if err != nil {
			return err
		}
		if p = PreferenceOf(cmd.Table, nil); before == nil {
			return nil
		}
		if err := t.TablePreference.DeleteOne(before).Exec(ctx); err != nil {
			return fmt.Errorf("forget the columns: %w", err)
		}
		return t.record(ctx, preferred("table_preference.reset", cmd.Table, before, nil))
	}, &p)
	return p, err
}

// preference reads what the viewer stored for a table, nil for nothing, and keeps the person's other sessions from
// changing it.
func (t *tx) preference(ctx context.Context, name string) (*ent.TablePreference, error) {
	if err := t.person(); err != nil {
		return nil, err
	}
	if err := t.lockPerson(ctx, t.viewer.UserID); err != nil {
		return nil, err
	}
	row, err := t.TablePreference.Query().Where(tablepreference.UserID(t.viewer.UserID), tablepreference.TableEQ(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the columns: %w", err)
	}
	return row, nil
}

// preferred is the audit event of a preference: it concerns the person, and no tenant.
func preferred(action, name string, before *ent.TablePreference, after []string) event {
	var stored []string
	if before != nil {
		stored = before.Columns
	}
	return event{action: action, changes: change(name, strings.Join(stored, ", "), strings.Join(after, ", "))}
}

func noTable() *Error {
	return broken(Invalid, "There is no such table: techPartners, customers, members and assignedCustomers are.", "table")
}

// checkColumns tells all that is wrong with the columns at once.
func checkColumns(cmd SetTablePreference) error {
	t, known := tables[cmd.Table]
	switch {
	case !known:
		return noTable()
	case len(cmd.Columns) == 0:
		return broken(Required, "Name at least one column.", "columns")
	case len(cmd.Columns) > mostAtOnce:
		return broken(Invalid, "The table does not have that many columns.", "columns")
	}
	var faults Errors
	for i, c := range cmd.Columns {
		at := []string{"columns", strconv.Itoa(i)}
		switch {
		case !slices.Contains(t.columns, c):
			faults = append(faults, broken(Invalid, "The table has no such column.", at...))
		case slices.Contains(cmd.Columns[:i], c):
			faults = append(faults, broken(Invalid, "The column is named twice.", at...))
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}
