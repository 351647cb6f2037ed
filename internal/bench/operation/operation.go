// Package operation lists the operations that are measured, as clients send them. The API and the floor are asked alike.
package operation

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"mandate/internal/bench/world"
)

//go:embed operations.graphql
var documents string

// Operation is an operation of the API, asked by people of one part.
type Operation struct {
	Title     string // in tables
	Name      string // in the document; the floor answers by it
	Part      world.Part
	Mutation  bool
	variables func(w *world.World, i int) map[string]any
}

const page = 50

// Operations are those that are measured.
var Operations = []Operation{
	{"assigned customers, administrator", "AssignedCustomers", world.PartnerAdmin, false, firstPage},
	{"assigned customers, staff", "AssignedCustomers", world.PartnerStaff, false, firstPage},
	{"assigned customers, partner with ten", "AssignedCustomers", world.SmallPartner, false, firstPage},
	{"tech partners", "TechPartners", world.PartnerAdmin, false, firstPage},
	{"members", "Members", world.CustomerAdmin, false, below},
	{"customer by id", "Customer", world.PartnerAdmin, false, func(w *world.World, i int) map[string]any {
		return map[string]any{"id": w.Points[i%len(w.Points)]}
	}},
	{"audit trail", "Audit", world.CustomerAdmin, false, below},
	{"invite a customer", "InviteCustomer", world.PartnerAdmin, true, func(_ *world.World, i int) map[string]any {
		return map[string]any{"input": map[string]any{"email": fmt.Sprintf("invited%d@example.org", i), "roleKey": "READ_ONLY"}}
	}},
	{"set permissions", "SetPermissions", world.CustomerAdmin, true, func(w *world.World, i int) map[string]any {
		level := []string{"VIEW", "MANAGE"}[i/len(w.Members)%2]
		return map[string]any{"input": map[string]any{"tenantId": w.Customer, "members": []any{map[string]any{
			"id": w.Members[i%len(w.Members)], "roleKey": "READ_ONLY", "permissions": []any{map[string]any{"feature": "invoices", "level": level}},
		}}}}
	}},
}

func firstPage(*world.World, int) map[string]any { return map[string]any{"first": page} }

func below(w *world.World, _ int) map[string]any {
	return map[string]any{"tenant": w.Customer, "first": page}
}

// Request returns the bearer token and the body of the i-th request of an operation.
func (o Operation) Request(w *world.World, i int) (token string, body []byte) {
	tokens := w.Tokens[o.Part]
	return tokens[i%len(tokens)], Body(o.Name, o.variables(w, i))
}

// Body is what a client posts: an operation with its variables.
func Body(name string, variables map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": sources[name], "variables": variables, "operationName": name})
	if err != nil {
		panic(err) // they are made of plain values
	}
	return body
}

// sources are the documents by the names of their operations, each by itself.
var sources = split(documents)

func split(text string) map[string]string {
	doc, err := parser.ParseQuery(&ast.Source{Name: "operations.graphql", Input: text})
	if err != nil {
		panic(err) // it is part of the program
	}
	by := make(map[string]string)
	for i, o := range doc.Operations {
		end := len(text)
		if i+1 < len(doc.Operations) {
			end = doc.Operations[i+1].Position.Start
		}
		by[o.Name] = text[o.Position.Start:end]
	}
	return by
}
