package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/testworld"
)

// listed is a list of the schema's, as one asks for it: $page stands for its bound, and tenants by their names.
type listed struct{ name, query, path string }

// lists are all lists of root fields, of the viewer, of tenants and of tech partners.
func lists() (all []listed) {
	for parent, around := range map[string][3]string{"Query": {"{ ", " }", ""}, "Viewer": {"{ viewer { ", " } }", "viewer."},
		"Tenant": {"{ tenant(id: $contoso) { ", " } }", "tenant."}, "Partner": {"{ tenant(id: $nordic) { partner { ", " } } }", "tenant.partner."}} {
		for _, f := range ownFields(api().Types[parent]) {
			if strings.HasSuffix(f.Type.Name(), "Connection") && !slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull }) {
				all = append(all, listed{parent + "." + f.Name, around[0] + f.Name + "($page) { totalCount edges { cursor } }" + around[1], around[2] + f.Name})
			}
		}
	}
	return all
}

// TestT04ACursorShowsNothingMore: where a cursor of another list, or of somebody who sees more, is a cursor at all, it leads to no
// row that its bearer does not see without it, and counts none.
func TestT04ACursorShowsNothingMore(t *testing.T) {
	eachScene(t, func(s scene) {
		c := s.casts(s.Operator().Admin)
		c.furnish(s)
		named := strings.NewReplacer("$contoso", quote(c.contoso.ID), "$nordic", quote(c.nordic.ID))
		ask := func(p *testworld.Person, of listed, page string) (a *testworld.Answer, cursors []string) {
			a = p.Do(named.Replace(strings.Replace(of.query, "$page", page, 1)), nil)
			if rows, there := a.At(of.path + ".edges").([]any); there && len(rows) > 0 {
				cursors = a.Column(of.path+".edges", "cursor")
			}
			return a, cursors
		}
		stolen := make(map[string]bool)
		for _, of := range lists() {
			for _, who := range []string{"the operator's administrator", "the partner's administrator", "the customer's administrator"} {
				if _, cursors := ask(c.attackers[who], of, "first: 2"); len(cursors) > 0 {
					stolen[cursors[0]] = true
				}
			}
		}
		if len(stolen) < 15 {
			s.Errorf("there are %d cursors: too few to tell anything", len(stolen))
		}
		taken := 0
		for _, who := range []string{"a reader", "another customer's administrator", "one of the partner's people", "the administrator, entered"} {
			for _, of := range lists() {
				whole, own := ask(c.attackers[who], of, "first: 100")
				for cursor := range stolen {
					a, got := ask(c.attackers[who], of, "first: 100, after: "+quote(cursor))
					if len(a.Errors()) > 0 {
						continue
					}
					taken++
					if a.At(of.path+".totalCount") != whole.At(of.path+".totalCount") || slices.ContainsFunc(got, func(x string) bool { return !slices.Contains(own, x) }) {
						s.Errorf("%s, %s after %s:\n%s\nand from its beginning:\n%s", who, of.name, cursor, a.Body, whole.Body)
					}
				}
			}
		}
		if taken == 0 {
			s.Error("no cursor of somebody else was one")
		}
	})
}
