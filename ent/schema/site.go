package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"mandate/ent/rule"
	"mandate/ent/schema/api"
	"mandate/ent/schema/mixin"
)

// Site is a place of a tenant, as the operator's books have it.
type Site struct{ ent.Schema }

// Mixin of the site.
func (Site) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: "sit"}, mixin.Time{}}
}

// Fields of the site.
func (Site) Fields() []ent.Field {
	return []ent.Field{
		reference("tenant_id", "The tenant.", fixed),
		text("account_number", "Number of the site in the operator's books, unique in the tenant.", 60, fixed),
		text("name", "Name of the site.", 200),
		text("sort_name", "The name as lists are ordered by it.", 400, hidden),
		text("city", "City.", 100, nullable),
		text("region", "State, county or region.", 100, nullable),
		field.Enum("status").NamedValues("Up", "UP", "Down", "DOWN", "Alarm", "ALARM", "Off", "OFF", "Inactive", "INACTIVE").
			Comment("How the site is doing.").
			Annotations(api.Type("SiteStatus"), api.Values{
				"UP": "Works.", "DOWN": "Does not answer.", "ALARM": "Works, and something is wrong.", "OFF": "Switched off.", "INACTIVE": "Not in service.",
			}),
	}
}

// Edges of the site.
func (Site) Edges() []ent.Edge {
	return []ent.Edge{edge.To("tenant", Tenant.Type).Field("tenant_id").Unique().Required().Immutable().Annotations(api.Hidden())}
}

// Indexes of the site.
func (Site) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("tenant_id", "account_number").Unique(),
		index.Fields("tenant_id", "sort_name", "id"),
		index.Fields("tenant_id", "status"),
	}
}

// Policy of the site: visible with SITES VIEW; to a member with listed sites, those.
func (Site) Policy() ent.Policy { return rule.Policy(rule.Sites("id")) }
