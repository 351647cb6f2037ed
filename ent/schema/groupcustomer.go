package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
	"mandate/internal/access"
)

// GroupCustomer is a customer that a privilege group over listed customers reaches.
type GroupCustomer struct{ ent.Schema }

// Annotations of the listed customer.
func (GroupCustomer) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the listed customer.
func (GroupCustomer) Mixin() []ent.Mixin { return []ent.Mixin{mixin.ID{Prefix: "gcu"}} }

// Fields of the listed customer.
func (GroupCustomer) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The partner's tenant.", fixed),
		reference("group_id", "The group.", fixed),
		reference("customer_id", "The customer.", fixed),
		text("customer_sort_name", "Copy of the customer's sort name. It only picks and orders candidates.", 400, hidden),
	}
}

// Edges of the listed customer.
func (GroupCustomer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("group", PrivilegeGroup.Type).Ref("group_customers").Field("group_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("customer", Tenant.Type).Field("customer_id").Unique().Required().Immutable().Annotations(api.Hidden()),
	}
}

// Indexes of the listed customer: the first serves a page of customers in order of name.
func (GroupCustomer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("group_id", "customer_sort_name", "customer_id").StorageKey("group_customers_page"),
		index.Fields("group_id", "customer_id").Unique(),
		index.Fields("customer_id"),
	}
}

// Policy of the listed customer: visible with ASSIGNMENTS VIEW.
func (GroupCustomer) Policy() ent.Policy { return rule.Policy(rule.OfTenant(access.Assignments)) }
