package graph_test

import (
	"testing"

	"mandate/internal/testworld"
)

func TestTablePreference(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		s.Manages(acme, contoso)
		second := s.Staff(acme, "second", testworld.Administrator)
		byItself := []string{"name", "type", "mspAdminCount", "assignedCustomersCount", "accountAdminCount", "tenantId"}
		columns := func(p *testworld.Person, table string) ([]string, any) {
			s.Helper()
			a := p.Do("query($t: String!) { viewer { tablePreference(table: $t) { table columns isDefault } } }", testworld.Vars{"t": table}).OK()
			s.is("table", a.At("viewer.tablePreference.table"), any(table))
			var list []string
			for _, c := range a.List("viewer.tablePreference.columns") {
				list = append(list, c.(string))
			}
			return list, a.At("viewer.tablePreference.isDefault")
		}
		shows := func(p *testworld.Person, table string, isDefault bool, want ...string) {
			s.Helper()
			got, byItself := columns(p, table)
			s.sees(got, want...)
			s.is("default", byItself, any(isDefault))
		}

		s.then("every table has columns by itself, which can be set as well", func(s scene) {
			shows(acme.Admin, "techPartners", true, byItself...)
			for _, table := range []string{"techPartners", "customers", "members", "assignedCustomers"} {
				list, isDefault := columns(acme.Admin, table)
				s.is("default", isDefault, any(true))
				a := s.does(second, "setTablePreference", in{"table": table, "columns": list})
				s.is("default", a.At("setTablePreference.tablePreference.isDefault"), any(true))
			}
		})
		s.then("what one chooses is kept in its order, for oneself and the table only", func(s scene) {
			a := s.does(acme.Admin, "setTablePreference", in{"table": "techPartners", "columns": []string{"type", "name"}})
			s.is("default", a.At("setTablePreference.tablePreference.isDefault"), any(false))
			shows(acme.Admin, "techPartners", false, "type", "name")
			shows(second, "techPartners", true, byItself...)
			list, isDefault := columns(acme.Admin, "customers")
			s.is("default", isDefault, any(true))
			s.has(list, "name", "tags")
		})
		s.then("it is replaced as a whole", func(s scene) {
			s.does(acme.Admin, "setTablePreference", in{"table": "techPartners", "columns": []string{"tenantId"}})
			s.repeats(acme.Admin, "setTablePreference", in{"table": "techPartners", "columns": []string{"tenantId"}})
			shows(acme.Admin, "techPartners", false, "tenantId")
		})
		s.then("a session that entered a tenant neither reads nor changes it", func(s scene) {
			entered := acme.Admin.Entered(contoso.ID)
			shows(entered, "techPartners", true, byItself...)
			s.forbidden(entered, "setTablePreference", in{"table": "techPartners", "columns": []string{"name"}})
			s.forbidden(entered, "resetTablePreference", in{"table": "techPartners"})
		})
		s.then("reset, the table shows what it shows by itself", func(s scene) {
			a := s.does(acme.Admin, "resetTablePreference", in{"table": "techPartners"})
			s.is("default", a.At("resetTablePreference.tablePreference.isDefault"), any(true))
			shows(acme.Admin, "techPartners", true, byItself...)
			a = s.repeats(acme.Admin, "resetTablePreference", in{"table": "techPartners"})
			s.is("default", a.At("resetTablePreference.tablePreference.isDefault"), any(true))
		})
		s.then("what there is not is refused", func(s scene) {
			refused := func(input in, rules ...string) {
				s.Helper()
				s.refused(acme.Admin, "setTablePreference", input, rules...)
			}
			refused(in{"table": "sites", "columns": []string{"name"}}, "INVALID at input.table")
			refused(in{"table": "members", "columns": []string{}}, "REQUIRED at input.columns")
			refused(in{"table": "members", "columns": []string{"name", "label", "passwordHash"}}, "INVALID at input.columns.2")
			refused(in{"table": "members", "columns": []string{"name", "label", "name", "tags"}}, "INVALID at input.columns.2", "INVALID at input.columns.3")
			refused(in{"table": "members", "columns": make([]string, 101)}, "INVALID at input.columns")
			s.refused(acme.Admin, "resetTablePreference", in{"table": "sites"}, "INVALID at input.table")
			a := acme.Admin.Do(`{ viewer { tablePreference(table: "sites") { columns } } }`, nil).OK()
			s.is("unknown", a.At("viewer.tablePreference"), nil)
		})
	})
}
