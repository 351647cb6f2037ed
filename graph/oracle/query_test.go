package oracle_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// selection is a field with its arguments and what is selected of it, or a fragment on a type.
type selection struct {
	name string
	as   string // the name in the answer, if it is another one
	on   string // of a fragment
	args map[string]any
	list string // names the lists that its cursors fit
	kids []*selection
}

type enum string

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case time.Time:
		return strconv.Quote(v.Format(time.RFC3339Nano))
	case []any:
		var list []string
		for _, x := range v {
			list = append(list, literal(x))
		}
		return "[" + strings.Join(list, ",") + "]"
	case map[string]any:
		return "{" + arguments(v) + "}"
	}
	return fmt.Sprint(v)
}

func arguments(args map[string]any) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(args)) {
		list = append(list, name+":"+literal(args[name]))
	}
	return strings.Join(list, ",")
}

// plain turns values of enums into texts.
func plain(v any) any {
	switch v := v.(type) {
	case enum:
		return string(v)
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = plain(x)
		}
		return list
	case map[string]any:
		m := make(map[string]any)
		for k, x := range v {
			m[k] = plain(x)
		}
		return m
	}
	return v
}

func (s *selection) plainArgs() map[string]any {
	if len(s.args) == 0 {
		return nil
	}
	return plain(s.args).(map[string]any)
}

// key is the name in the answer.
func (s *selection) key() string { return cmp.Or(s.as, s.name) }

func (s *selection) String() string {
	var b strings.Builder
	s.write(&b)
	return b.String()
}

func (s *selection) write(b *strings.Builder) {
	if s.on != "" {
		b.WriteString("...on " + s.on)
	} else {
		if s.as != "" {
			b.WriteString(s.as + ":")
		}
		b.WriteString(s.name)
	}
	if len(s.args) > 0 {
		b.WriteString("(" + arguments(s.args) + ")")
	}
	if len(s.kids) > 0 {
		b.WriteString("{")
		for i, k := range s.kids {
			if i > 0 {
				b.WriteString(" ")
			}
			k.write(b)
		}
		b.WriteString("}")
	}
}

// cursors are those of earlier answers, by the lists that they fit, with the places where they stand.
type cursors map[string][]cursor

type cursor struct{ text, place string }

// asker makes queries by chance.
type asker struct {
	*rand.Rand
	schema *ast.Schema
	w      *world
	ids    []string
	past   cursors
}

func newAsker(r *rand.Rand, schema *ast.Schema, w *world) *asker {
	a := &asker{Rand: r, schema: schema, w: w, past: make(cursors)}
	for _, table := range tables {
		for _, x := range w.tables[table] {
			if typeOf[table] != "" {
				a.ids = append(a.ids, x.s("id"))
			}
		}
	}
	return a
}

func (a *asker) chance(percent int) bool { return a.IntN(100) < percent }

var roots = []string{"viewer", "viewer", "node", "node", "nodes", "nodes", "tenant", "tenant", "tenant", "tenant", "tenant", "customers", "customers", "customers", "tenants", "techPartners", "techPartners", "partnerByCode", "systemRoles", "checkAccess", "features"}

// query makes a query.
func (a *asker) query() *selection {
	name, depth := pick(a.Rand, roots...), pick(a.Rand, 1, 2, 2, 2, 3, 3, 4, 5)
	s := a.field("Query", a.schema.Query.Fields.ForName(name), depth, 400)
	if name == "techPartners" && a.chance(50) { // few have any, and fewer read what they are ordered by
		delete(s.args, "filter")
		s.args["orderBy"] = a.value("orderBy", a.schema.Query.Fields.ForName(name).Arguments.ForName("orderBy").Type)
		s.list = fmt.Sprint("Query.techPartners/", s.args["orderBy"].(map[string]any)["field"])
		delete(s.args, "after")
		delete(s.args, "before")
	}
	if name == "node" || name == "nodes" {
		s.kids = []*selection{{name: "__typename"}}
		of := make(map[string]bool)
		for _, id := range append([]any{s.args["id"]}, list(s.args["ids"])...) {
			if id, ok := id.(string); ok && !of[id[:3]] {
				of[id[:3]] = true
				s.kids = append(s.kids, a.fragment(a.schema.Types[typeOf[tableOf[id[:3]]]], depth, 40))
			}
		}
	}
	return s
}

func (a *asker) field(of string, f *ast.FieldDefinition, depth, rows int) *selection {
	s := &selection{name: f.Name, args: make(map[string]any)}
	t := f.Type.Name()
	size := 1
	if strings.HasSuffix(t, "Connection") {
		size = min(rows, pick(a.Rand, 1, 2, 3, 3, 5, 100))
		s.args["first"] = size
	}
	for _, arg := range f.Arguments {
		switch {
		case arg.Name == "first" || arg.Name == "after" || arg.Name == "last" || arg.Name == "before":
		case arg.Type.NonNull || a.chance(35) || of == "Query" && a.chance(50):
			s.args[arg.Name] = a.value(arg.Name, arg.Type)
		}
	}
	if strings.HasSuffix(t, "Connection") {
		by, _ := s.args["orderBy"].(map[string]any)
		s.list = fmt.Sprint(of, ".", f.Name, "/", by["field"])
		if f.Arguments.ForName("last") != nil && a.chance(30) {
			delete(s.args, "first")
			s.args["last"] = size
		}
		if past := a.past[s.list]; len(past) > 0 && a.chance(30) {
			where := "after"
			if s.args["last"] != nil {
				where = "before"
			}
			s.args[where] = pick(a.Rand, past...).text
		}
	}
	s.kids = a.selections(t, depth, max(rows/size, 1))
	return s
}

// fragment makes a selection on a type, under names of its own: fields of other types may be called the same.
func (a *asker) fragment(d *ast.Definition, depth, rows int) *selection {
	s := &selection{on: d.Name, kids: a.some(d, depth, rows, 3)}
	for _, k := range s.kids {
		if k.name != "__typename" {
			k.as = d.Name + "_" + k.name
		}
	}
	return s
}

// selections makes what is selected of a type; nothing of a scalar.
func (a *asker) selections(t string, depth, rows int) (list []*selection) {
	d := a.schema.Types[t]
	switch {
	case d.Kind == ast.Scalar || d.Kind == ast.Enum:
		return nil
	case d.Kind == ast.Interface || d.Kind == ast.Union:
		list = []*selection{{name: "__typename"}}
		for _, p := range a.schema.GetPossibleTypes(d) {
			if d.Name == "Node" && a.chance(75) {
				continue
			}
			list = append(list, a.fragment(p, min(depth, 2), min(rows, 3)))
		}
		return list
	case strings.HasSuffix(t, "Connection"):
		for _, f := range d.Fields {
			switch below := a.schema.Types[f.Type.Name()]; {
			case f.Name == "nodes" && a.chance(70):
				list = append(list, &selection{name: "nodes", kids: a.selections(below.Name, depth-1, rows)})
			case f.Name == "edges" && a.chance(40):
				kids := []*selection{{name: "cursor"}}
				if a.chance(50) {
					kids = append(kids, &selection{name: "node", kids: a.selections(below.Fields.ForName("node").Type.Name(), depth-1, rows)})
				}
				list = append(list, &selection{name: "edges", kids: kids})
			case f.Name == "pageInfo" && a.chance(40):
				list = append(list, &selection{name: "pageInfo", kids: a.some(below, 0, 1, 4)})
			case strings.HasPrefix(f.Name, "totalCount") && a.chance(40):
				list = append(list, &selection{name: f.Name})
			}
		}
		if len(list) == 0 {
			list = []*selection{{name: "totalCount"}}
		}
		return list
	}
	return a.some(d, depth, rows, pick(a.Rand, 2, 3, 4, 6))
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// some selects some fields of an object.
func (a *asker) some(d *ast.Definition, depth, rows, n int) (list []*selection) {
	var open []*ast.FieldDefinition
	for _, f := range d.Fields {
		below := a.schema.Types[f.Type.Name()]
		if strings.HasPrefix(f.Name, "__") || depth <= 0 && below.IsCompositeType() {
			continue
		}
		open = append(open, f)
	}
	a.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	for _, f := range open[:min(n, len(open))] {
		list = append(list, a.field(d.Name, f, depth-1, rows))
	}
	if len(list) == 0 {
		list = []*selection{{name: "__typename"}}
	}
	return list
}

func (a *asker) one(table, column string) any {
	rows := a.w.find(table, func(x row) bool { return x[column] != nil })
	if len(rows) == 0 {
		return "none"
	}
	return pick(a.Rand, rows...)[column]
}

// value makes a value for an argument or a field of an input.
func (a *asker) value(name string, t *ast.Type) any {
	if t.Elem != nil {
		var list []any
		for range 1 + a.IntN(2) + map[string]int{"ids": a.IntN(10)}[name] {
			list = append(list, a.value(name, t.Elem))
		}
		return list
	}
	d := a.schema.Types[t.Name()]
	switch {
	case d.Kind == ast.Enum:
		return enum(pick(a.Rand, d.EnumValues...).Name)
	case d.Kind == ast.InputObject:
		in, one := make(map[string]any), pick(a.Rand, d.Fields...)
		for _, f := range d.Fields {
			if f == one || f.Type.NonNull || a.chance(10) {
				in[f.Name] = a.value(f.Name, f.Type)
			}
		}
		return in
	case t.Name() == "Boolean":
		return a.chance(50)
	case t.Name() == "DateTime":
		return a.w.now.Add(pick(a.Rand, -time.Hour, 0, time.Hour, 200*time.Hour))
	}
	switch name {
	case "id", "ids":
		if a.chance(40) {
			return a.one("tenants", "id")
		}
		return pick(a.Rand, a.ids...)
	case "tenantId", "otherTenantId":
		return a.one("tenants", "id")
	case "granteeId", "assignedTo":
		return a.one("assignments", "grantee_id")
	case "partnerId", "managerId":
		return a.one("partners", "id")
	case "actorId", "userId":
		return a.one("users", "id")
	case "search":
		word := a.one(pick(a.Rand, "tenants", "members", "sites"), "sort_name").(string)
		return word[:min(len(word), 2+a.IntN(3))]
	case "tags":
		return a.one("tenant_tags", "tag")
	case "action":
		return a.one("audit_events", "action")
	case "code":
		return a.one("partners", "code")
	case "feature":
		return pick(a.Rand, append(slices.Clone(features), "none")...)
	case "table":
		return pick(a.Rand, "members", "customers")
	}
	return "none"
}
