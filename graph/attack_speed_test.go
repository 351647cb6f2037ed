package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
)

// TestFragmentsThatHaveNoEndWhenWrittenOut: fragments that spread one another by several ways are looked at once, however many
// rows are asked for.
func TestFragmentsThatHaveNoEndWhenWrittenOut(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := s.NewPartner("Acme"), s.Customer("Contoso")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		for range 20 {
			s.does(contoso.Admin, "suspendRelationship", in{"id": bond, "reason": "Because"})
			s.does(contoso.Admin, "resumeRelationship", in{"id": bond})
		}
		leaf := "targetName address"
		for i := range 10 {
			leaf += fmt.Sprintf(" a%d: targetName", i)
		}
		start := time.Now()
		a := acme.Admin.Do("{ customers(first: 1) { nodes { auditEvents(first: 100) { nodes { ...F0 } } } } }\n"+diamonds(12, 3, "AuditEvent", leaf), nil).OK()
		if n := len(a.List("customers.nodes.0.auditEvents.nodes")); n < 40 {
			s.Errorf("%d events", n)
		}
		if took := time.Since(start); took > 2*time.Second {
			s.Errorf("it took %v", took)
		}
	})
}

// diamonds are fragments each of which spreads some others, all of which spread the next one.
func diamonds(levels, breadth int, on, leaf string) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "fragment F%d on %s {", i, on)
		for j := range breadth {
			fmt.Fprintf(&b, " ...F%d_%d", i, j)
		}
		b.WriteString(" }\n")
		for j := range breadth {
			fmt.Fprintf(&b, "fragment F%d_%d on %s { ...F%d }\n", i, j, on, i+1)
		}
	}
	fmt.Fprintf(&b, "fragment F%d on %s { %s }\n", levels, on, leaf)
	return b.String()
}

// wish is a field that is asked for, with what is asked for below it.
type wish struct {
	text  string // the field with its arguments
	on    string // the type whose field it is; "" for a field of the operation
	below []*wish
}

// wishes makes random documents.
type wishes struct {
	*rand.Rand
	member string // an id
}

// of wishes for some fields of a type.
func (r *wishes) of(name string, depth int) (list []*wish) {
	t := api().Types[name]
	kinds := []*ast.Definition{t}
	if t.IsAbstractType() {
		kinds = api().GetPossibleTypes(t)
		kinds = slices.DeleteFunc(slices.Clone(kinds), func(d *ast.Definition) bool {
			return !slices.Contains([]string{"Tenant", "Member", "AuditEvent", "Partner", "Relationship"}, d.Name)
		})
	}
	for _, of := range kinds {
		fields := slices.Clone(of.Fields)
		r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
		n := 1 + r.IntN(1+len(fields)/2)
		for _, f := range fields {
			if n == 0 {
				break
			}
			if w := r.field(of.Name, f, depth); w != nil {
				list = append(list, w)
				n--
			}
		}
	}
	return list
}

func (r *wishes) field(on string, f *ast.FieldDefinition, depth int) *wish {
	if strings.HasPrefix(f.Name, "__") {
		return nil
	}
	w := &wish{text: f.Name, on: on}
	for _, a := range f.Arguments {
		switch {
		case a.Name == "first":
			w.text += "(first: 2)"
		case a.Type.NonNull && a.DefaultValue == nil:
			w.text += fmt.Sprintf("(%s: %q)", a.Name, r.member)
		}
	}
	if t := api().Types[f.Type.Name()]; t.IsCompositeType() {
		if depth == 0 {
			return nil
		}
		down := depth - 1
		if strings.HasSuffix(t.Name, "Connection") || strings.HasSuffix(t.Name, "Edge") {
			down = depth
		}
		w.below = r.of(t.Name, down)
		if len(w.below) == 0 {
			return nil
		}
	}
	return w
}

// write writes wishes as a selection: some of them twice with parts of what is below, some in fragments.
func (r *wishes) write(list []*wish, fragments *[]string) string {
	var b strings.Builder
	for _, w := range list {
		text := w.text
		if w.below == nil {
			text = r.wrapped(w, text, fragments)
			b.WriteString(text + " ")
			continue
		}
		cut := len(w.below)
		if cut > 1 && r.IntN(3) == 0 {
			cut = 1 + r.IntN(cut-1)
			b.WriteString(r.wrapped(w, w.text+" { "+r.write(w.below[cut:], fragments)+"}", fragments) + " ")
		}
		b.WriteString(r.wrapped(w, w.text+" { "+r.write(w.below[:cut], fragments)+"}", fragments) + " ")
	}
	return b.String()
}

func (r *wishes) wrapped(w *wish, text string, fragments *[]string) string {
	switch {
	case w.on == "":
		return text
	case w.below != nil && r.IntN(3) == 0 && len(*fragments) < 40:
		name := fmt.Sprint("F", len(*fragments))
		*fragments = append(*fragments, fmt.Sprintf("fragment %s on %s { %s }", name, w.on, text))
		return "..." + name
	case r.IntN(12) == 0:
		return fmt.Sprintf("... on %s @include(if: true) { %s }", w.on, text)
	}
	return fmt.Sprintf("... on %s { %s }", w.on, text)
}

// singly lists the wishes one by one, each with the way that leads to it.
func singly(list []*wish) (texts []string) {
	for _, w := range list {
		on := func(text string) string {
			if w.on == "" {
				return text
			}
			return fmt.Sprintf("... on %s { %s }", w.on, text)
		}
		if w.below == nil {
			texts = append(texts, on(w.text))
		}
		for _, text := range singly(w.below) {
			texts = append(texts, on(w.text+" { "+text+" }"))
		}
	}
	return texts
}

// TestARandomDocumentAnswersWhatItsFieldsAnswerAlone: what stands beside a field, above it and in the fragments changes nothing.
func TestARandomDocumentAnswersWhatItsFieldsAnswerAlone(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, fabrikam := s.NewPartner("Acme"), s.Customer("Contoso"), s.Customer("Fabrikam")
		bond := s.connected(acme, contoso, "ADMINISTRATOR")
		s.connected(acme, fabrikam, "ADMINISTRATOR")
		s.does(contoso.Admin, "suspendRelationship", in{"id": bond, "reason": "Because"})
		s.does(contoso.Admin, "resumeRelationship", in{"id": bond})
		s.does(acme.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": "C-1"})
		for _, statement := range []string{
			`UPDATE tenants SET email='office@example.com', street='Street', city='City', region='Region', postal_code='1', country='DE',
				sign_up_policy='VALIDATE_EMAIL', sign_up_code=id, service_activated_at=created_at, version=7`,
			"UPDATE members SET phone='+4930123456', last_signed_in_at=created_at, version=7, role_id=(SELECT MIN(id) FROM roles)",
			"INSERT INTO tenant_tags (id, tenant_id, tag) SELECT id, id, 'blue' FROM tenants WHERE kind='CUSTOMER'",
		} {
			_, err := s.DB.Write.Exec(statement)
			s.must(err)
		}
		ids := s.read("SELECT id FROM tenants UNION ALL SELECT id FROM members UNION ALL SELECT id FROM audit_events UNION ALL SELECT id FROM relationships")
		r := &wishes{Rand: rand.New(rand.NewPCG(7, 7)), member: acme.Admin.Member(acme.Tenant).ID}
		quoted := `"` + strings.Join(ids[:min(len(ids), 60)], `", "`) + `"`
		roots := map[string]string{
			"customers(first: 5)":             "TenantConnection",
			"c: customers(first: 1)":          "TenantConnection",
			"nodes(ids: [" + quoted + "])":    "Node",
			"n: node(id: \"" + ids[0] + "\")": "Node",
			"viewer":                          "Viewer",
			"v: nodes(ids: [" + quoted + "])": "Node",
		}
		done := 0
		for range 400 {
			var list []*wish
			for _, root := range slices.Sorted(maps.Keys(roots)) {
				if r.IntN(3) == 0 {
					if below := r.of(roots[root], 3); len(below) > 0 {
						list = append(list, &wish{text: root, below: below})
					}
				}
			}
			if len(list) == 0 {
				continue
			}
			var fragments []string
			text := "{ " + r.write(list, &fragments) + "}\n" + strings.Join(fragments, "\n")
			whole := acme.Admin.Do(text, nil)
			if whole.Data() == nil { // what is selected does not go together
				continue
			}
			done++
			for _, one := range singly(list) {
				a := acme.Admin.Do("{ "+one+" }", nil)
				if diff := cmp.Diff(within(whole.Data(), a.Data()), a.Data()); diff != "" {
					s.Errorf("%s\nin %s (- with others, + alone):\n%s\n%v", one, text, diff, whole.Messages())
					break
				}
			}
		}
		if done < 30 {
			s.Errorf("only %d documents were answered", done)
		}
	})
}
