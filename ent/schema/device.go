package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// Device is a device of a tenant, at one of its sites or at none.
type Device struct{ ent.Schema }

// Annotations of the device.
func (Device) Annotations() []schema.Annotation { return []schema.Annotation{api.Hidden()} }

// Mixin of the device.
func (Device) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "dev"}, mixin.Time{Hidden: true}}
}

// Fields of the device.
func (Device) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		text("serial_number", "Serial number, unique in the tenant.", 100, fixed),
		text("name", "Name of the device.", 200, nullable),
		reference("site_id", "Where it stands, if that is known.", nullable),
	}
}

// Edges of the device.
func (Device) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden()),
		edge.To("site", Site.Type).Field("site_id").Unique().Annotations(api.Hidden()),
	}
}

// Indexes of the device.
func (Device) Indexes() []ent.Index {
	return []ent.Index{index.Fields("tenant_id", "serial_number").Unique(), index.Fields("tenant_id", "site_id")}
}

// Policy of the device: visible with SITES VIEW; to a member with listed sites, those that stand there.
func (Device) Policy() ent.Policy { return rule.Policy(rule.Sites("site_id")) }
