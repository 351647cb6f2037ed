// Package entgen turns the Ent schema into the nouns of the API, on top of what entgql does: node types with their
// guards, enums with a sentence for every value, connections and orders.
package entgen

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/ent/schema/api"
)

// Nodes finishes the node types: each implements Node, has the sentence of its Go type, and shows the permission that a
// guarded field needs; such a field is nullable, because whoever lacks the permission reads null with an error.
func Nodes(comments map[string]string) entgql.SchemaHook {
	return func(g *gen.Graph, s *ast.Schema) error {
		for _, t := range g.Nodes {
			def := s.Types[t.Name]
			if def == nil {
				continue
			}
			def.Interfaces = append(def.Interfaces, "Node")
			if def.Description = comments[t.Name]; def.Description == "" {
				return fmt.Errorf("type %s has no sentence", t.Name)
			}
			slices.SortStableFunc(def.Fields, func(a, b *ast.FieldDefinition) int { return position(a) - position(b) })
			for _, f := range def.Fields {
				if f.Type.NamedType == "Time" {
					f.Type.NamedType = "DateTime"
				}
				guard := f.Directives.ForName("can")
				if guard == nil {
					continue
				}
				f.Type.NonNull = false
				f.Description += fmt.Sprintf(" Needs %s %s.", guard.Arguments.ForName("feature").Value.Raw, guard.Arguments.ForName("level").Value.Raw)
			}
		}
		delete(s.Types, "Time")           // DateTime says more
		delete(s.Types, "OrderDirection") // schema.graphql describes it
		return nil
	}
}

// position puts what a row is before how often and when it changed.
func position(f *ast.FieldDefinition) int {
	return 1 + slices.Index([]string{"version", "createdAt", "updatedAt"}, f.Name)
}

// Enums gives every enum and each of its values the sentence from the schema, and drops the values that have none:
// they are never shown.
func Enums(g *gen.Graph, s *ast.Schema) error {
	for _, t := range g.Nodes {
		for _, f := range t.Fields {
			values := api.Values{}
			if !f.IsEnum() || !decode(f.Annotations[values.Name()], &values) {
				continue
			}
			var named api.Annotation
			decode(f.Annotations[named.Name()], &named)
			def := s.Types[named.Type]
			if def == nil {
				return fmt.Errorf("enum of %s.%s has no type in the API", t.Name, f.Name)
			}
			def.Description = cmp.Or(named.Sentence, f.Comment())
			def.EnumValues = slices.DeleteFunc(def.EnumValues, func(v *ast.EnumValueDefinition) bool { return values[v.Name] == "" })
			for _, v := range def.EnumValues {
				v.Description = values[v.Name]
			}
		}
	}
	return nil
}

var capital = regexp.MustCompile(`[A-Z][a-z]*`)

// Connections adds the connection and edge types of nodes: one page of a list.
func Connections(names ...string) entgql.SchemaHook {
	return func(_ *gen.Graph, s *ast.Schema) error {
		for _, n := range names {
			noun := strings.ToLower(strings.Join(capital.FindAllString(n, -1), " "))
			s.AddTypes(
				object(n+"Connection", "One page of a list, and how to go on.",
					field("edges", "The rows with their cursors.", list(n+"Edge")),
					field("nodes", "The rows.", list(n)),
					field("pageInfo", "Where the page stands in the list.", ast.NonNullNamedType("PageInfo", nil)),
					field("totalCount", "Length of the whole list, counted only when selected and up to 10,000; 10,001 stands for more.", ast.NonNullNamedType("Int", nil)),
					field("totalCountCapped", "Whether totalCount stopped counting.", ast.NonNullNamedType("Boolean", nil)),
				),
				object(n+"Edge", "A row of a list, with its cursor.",
					field("cursor", "Where the row stands; give it as after, or as before where the list takes that.", ast.NonNullNamedType("String", nil)),
					field("node", "The "+noun+".", ast.NonNullNamedType(n, nil)),
				))
		}
		return nil
	}
}

// Orders adds the order input of a node: by which columns lists of it can be ordered. Only columns with an index, that
// every viewer of the row may read, are named here.
func Orders(name string, fields map[string]string) entgql.SchemaHook {
	return func(_ *gen.Graph, s *ast.Schema) error {
		values := &ast.Definition{Kind: ast.Enum, Name: name + "OrderField", Description: "By what lists can be ordered."}
		for f, sentence := range fields {
			values.EnumValues = append(values.EnumValues, &ast.EnumValueDefinition{Name: f, Description: sentence})
		}
		slices.SortFunc(values.EnumValues, func(a, b *ast.EnumValueDefinition) int { return strings.Compare(a.Name, b.Name) })
		direction := field("direction", "Which way.", ast.NonNullNamedType("OrderDirection", nil))
		direction.DefaultValue = &ast.Value{Raw: "ASC", Kind: ast.EnumValue}
		order := object(name+"Order", "The order of a list.", field("field", "By what.", ast.NonNullNamedType(name+"OrderField", nil)), direction)
		order.Kind = ast.InputObject
		s.AddTypes(values, order)
		return nil
	}
}

func object(name, sentence string, fields ...*ast.FieldDefinition) *ast.Definition {
	return &ast.Definition{Kind: ast.Object, Name: name, Description: sentence, Fields: fields}
}

func field(name, sentence string, t *ast.Type) *ast.FieldDefinition {
	return &ast.FieldDefinition{Name: name, Description: sentence, Type: t}
}

func list(of string) *ast.Type {
	return ast.NonNullListType(ast.NonNullNamedType(of, nil), nil)
}

// decode reads an annotation back from the loosely typed form in which Ent hands it over.
func decode(from, to any) bool {
	b, err := json.Marshal(from)
	return from != nil && err == nil && json.Unmarshal(b, to) == nil
}
