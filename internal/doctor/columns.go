package doctor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"entgo.io/ent/schema/field"

	"mandate/ent/table"
)

// usualCollation is that of columns for which the schema says nothing else.
const usualCollation = "utf8mb4_bin"

var columnsCheck = check{"collations", Fail, "Somebody altered the table: give the column back the character set and the collation of the migrations. Under another collation two addresses can be one.", func(ctx context.Context, x *examination) ([]string, error) {
	rows, err := x.rows.QueryContext(ctx, `SELECT table_name, column_name, collation_name FROM information_schema.columns
		WHERE table_schema = DATABASE() AND collation_name IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var table, column, collation string
		if err := rows.Scan(&table, &column, &collation); err != nil {
			return nil, err
		}
		found[table+"."+column] = collation
	}
	var faults []string
	wanted := collations()
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if got, want := found[name], wanted[name]; got != want {
			faults = append(faults, fmt.Sprintf("%s has %s and not %s", name, cmp.Or(got, "none"), want))
		}
	}
	return faults, rows.Err()
}}

// collations are those that columns of text should have.
func collations() map[string]string {
	list := map[string]string{}
	for _, t := range table.All {
		for _, c := range t.Columns {
			if c.Type == field.TypeString || c.Type == field.TypeEnum {
				list[t.Name+"."+c.Name] = cmp.Or(c.Collation, usualCollation)
			}
		}
	}
	return list
}
