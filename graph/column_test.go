package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
)

// TestAFieldAloneIsWhatItIsAmongOthers asks for every field of the types of which only the columns are read that are selected,
// alone and with all others: one that lacks a column that it is made of shows.
func TestAFieldAloneIsWhatItIsAmongOthers(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		s.does(contoso.Admin, "suspendRelationship", in{"id": bond, "reason": "Because"})
		s.does(contoso.Admin, "resumeRelationship", in{"id": bond})
		s.does(acme.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-1"})
		for _, statement := range []string{
			`UPDATE tenants SET email='office@example.com', street='Street', city='City', region='Region', postal_code='1', country='DE',
				sign_up_policy='VALIDATE_EMAIL', sign_up_code=id, service_activated_at=created_at, version=7 WHERE kind='CUSTOMER'`,
			"UPDATE members SET phone='+4930123456', last_signed_in_at=created_at, version=7, role_id=(SELECT MIN(id) FROM roles)",
			"INSERT INTO tenant_tags (id, tenant_id, tag) SELECT id, id, 'blue' FROM tenants WHERE kind='CUSTOMER'",
		} {
			_, err := s.DB.Write.Exec(statement)
			s.must(err)
		}
		for _, l := range []struct{ list, of string }{
			{"customers(first: 9, filter: {search: \"contoso\"}) { nodes { %s } }", "Tenant"},
			{"customers(first: 9, filter: {search: \"contoso\"}) { nodes { members(first: 9) { nodes { %s } } } }", "Member"},
			{"customers(first: 9, filter: {search: \"contoso\"}) { nodes { members(first: 9, filter: {status: ACTIVE}) { edges { node { %s } } } } }", "Member"},
			{"customers(first: 9, filter: {search: \"contoso\"}) { nodes { auditEvents(first: 9) { nodes { %s } } } }", "AuditEvent"},
		} {
			ask := func(fields string) any { return acme.Admin.Do("{ "+fmt.Sprintf(l.list, fields)+" }", nil).OK().Data() }
			fields := selectable(l.of)
			together := ask(strings.Join(fields, " "))
			for _, f := range fields {
				alone := ask(f)
				if diff := cmp.Diff(within(together, alone), alone); diff != "" {
					s.Errorf("%s in %s (- with others, + alone):\n%s", f, l.list, diff)
				}
			}
		}
	})
}

// selectable lists the fields of a type, each with what has to be said with it.
func selectable(name string) (fields []string) {
	for _, f := range api().Types[name].Fields {
		text := f.Name
		for _, a := range f.Arguments {
			switch {
			case a.Name == "first":
				text += "(first: 2)"
			case a.Type.NonNull:
				text += fmt.Sprintf("(%s: %q)", a.Name, "mem_00000000000000000000000000")
			}
		}
		switch t := api().Types[f.Type.Name()]; {
		case t.Fields == nil && t.Kind != ast.Union:
		case strings.HasSuffix(t.Name, "Connection"):
			text += " { totalCount }"
		case t.Fields.ForName("id") != nil:
			text += " { id }"
		default:
			text += " { __typename"
			for _, below := range t.Fields {
				if leaf := api().Types[below.Type.Name()]; leaf.Fields == nil && len(below.Arguments) == 0 {
					text += " " + below.Name
				}
			}
			text += " }"
		}
		fields = append(fields, text)
	}
	return fields
}

// within cuts an answer down to the fields that another one has.
func within(whole, part any) any {
	switch p := part.(type) {
	case map[string]any:
		cut := make(map[string]any, len(p))
		for k, v := range p {
			cut[k] = within(whole.(map[string]any)[k], v)
		}
		return cut
	case []any:
		list := whole.([]any)
		if len(list) != len(p) {
			return whole
		}
		cut := make([]any, len(p))
		for i := range p {
			cut[i] = within(list[i], p[i])
		}
		return cut
	}
	return whole
}
