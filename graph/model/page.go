// Package model holds the types of the API that are neither rows nor commands.
package model

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"mandate/ent"
)

// MostCounted is how far a list is counted; one more stands for "more".
const MostCounted = 10_000

// Page is one page of a list. The whole is counted only when that is selected.
type Page[T any] struct {
	Nodes    []T
	PageInfo *PageInfo
	Cursors  []Cursor // of the nodes
	Count    func(context.Context) (int, error)
}

// Cursor is the place of a row in the order of a list of some kind: the values that order it before its id does, if any, and the
// id. It is written when it is asked for.
type Cursor struct {
	Kind string
	By   [2]any // strings and numbers; nil for none
	ID   string
}

// String writes the cursor.
func (c Cursor) String() string {
	parts := []any{c.Kind}
	for _, by := range c.By {
		if by != nil {
			parts = append(parts, by)
		}
	}
	b, _ := json.Marshal(append(parts, c.ID))
	return base64.RawURLEncoding.EncodeToString(b)
}

// Edge is a row of a page with its cursor.
type Edge[T any] struct {
	Node T
	at   Cursor
}

// Cursor returns where the row stands.
func (e *Edge[T]) Cursor() string { return e.at.String() }

// PageInfo is where a page stands in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	Start, End      *Cursor // nil of an empty page
}

// StartCursor returns where the page begins.
func (i *PageInfo) StartCursor() *string { return written(i.Start) }

// EndCursor returns where the page ends.
func (i *PageInfo) EndCursor() *string { return written(i.End) }

func written(c *Cursor) *string {
	if c == nil {
		return nil
	}
	s := c.String()
	return &s
}

// Edges returns the rows with their cursors.
func (p *Page[T]) Edges() []*Edge[T] {
	edges := make([]*Edge[T], len(p.Nodes))
	for i, n := range p.Nodes {
		edges[i] = &Edge[T]{n, p.Cursors[i]}
	}
	return edges
}

// TotalCount returns the length of the whole list.
func (p *Page[T]) TotalCount(ctx context.Context) (int, error) { return p.Count(ctx) }

// TotalCountCapped reports whether counting stopped.
func (p *Page[T]) TotalCountCapped(ctx context.Context) (bool, error) {
	n, err := p.Count(ctx)
	return n > MostCounted, err
}

// The pages of the API's lists, and their edges, by the names that the schema gives them.
type (
	// TenantConnection is a page of tenants.
	TenantConnection = Page[*ent.Tenant]
	// TenantEdge is an edge of it.
	TenantEdge = Edge[*ent.Tenant]
	// MemberConnection is a page of members.
	MemberConnection = Page[*ent.Member]
	// MemberEdge is an edge of it.
	MemberEdge = Edge[*ent.Member]
	// RoleConnection is a page of roles.
	RoleConnection = Page[*ent.Role]
	// RoleEdge is an edge of it.
	RoleEdge = Edge[*ent.Role]
	// RelationshipConnection is a page of relationships.
	RelationshipConnection = Page[*ent.Relationship]
	// RelationshipEdge is an edge of it.
	RelationshipEdge = Edge[*ent.Relationship]
	// InvitationConnection is a page of invitations.
	InvitationConnection = Page[*ent.Invitation]
	// InvitationEdge is an edge of it.
	InvitationEdge = Edge[*ent.Invitation]
	// AssignmentConnection is a page of assignments.
	AssignmentConnection = Page[*ent.Assignment]
	// AssignmentEdge is an edge of it.
	AssignmentEdge = Edge[*ent.Assignment]
	// SiteConnection is a page of sites.
	SiteConnection = Page[*ent.Site]
	// SiteEdge is an edge of it.
	SiteEdge = Edge[*ent.Site]
	// ServiceSubscriptionConnection is a page of subscriptions.
	ServiceSubscriptionConnection = Page[*ent.ServiceSubscription]
	// ServiceSubscriptionEdge is an edge of it.
	ServiceSubscriptionEdge = Edge[*ent.ServiceSubscription]
	// AccessRequestConnection is a page of access requests.
	AccessRequestConnection = Page[*ent.AccessRequest]
	// AccessRequestEdge is an edge of it.
	AccessRequestEdge = Edge[*ent.AccessRequest]
	// PartnerConnection is a page of partners.
	PartnerConnection = Page[*ent.Partner]
	// PartnerEdge is an edge of it.
	PartnerEdge = Edge[*ent.Partner]
	// PrivilegeGroupConnection is a page of privilege groups.
	PrivilegeGroupConnection = Page[*ent.PrivilegeGroup]
	// PrivilegeGroupEdge is an edge of it.
	PrivilegeGroupEdge = Edge[*ent.PrivilegeGroup]
	// AccessListEntryConnection is a page of an access list.
	AccessListEntryConnection = Page[*AccessListEntry]
	// AccessListEntryEdge is an edge of it.
	AccessListEntryEdge = Edge[*AccessListEntry]
	// SessionConnection is a page of sessions.
	SessionConnection = Page[*ent.Session]
	// SessionEdge is an edge of it.
	SessionEdge = Edge[*ent.Session]
	// APITokenConnection is a page of API tokens.
	APITokenConnection = Page[*ent.ApiToken]
	// APITokenEdge is an edge of it.
	APITokenEdge = Edge[*ent.ApiToken]
	// WebhookConnection is a page of webhooks.
	WebhookConnection = Page[*ent.Webhook]
	// WebhookEdge is an edge of it.
	WebhookEdge = Edge[*ent.Webhook]
	// WebhookDeliveryConnection is a page of deliveries.
	WebhookDeliveryConnection = Page[*ent.WebhookDelivery]
	// WebhookDeliveryEdge is an edge of it.
	WebhookDeliveryEdge = Edge[*ent.WebhookDelivery]
	// AuditEventConnection is a page of audit events.
	AuditEventConnection = Page[*ent.AuditEvent]
	// AuditEventEdge is an edge of it.
	AuditEventEdge = Edge[*ent.AuditEvent]
	// OutboxMessageConnection is a page of mails.
	OutboxMessageConnection = Page[*OutboxMessage]
	// OutboxMessageEdge is an edge of it.
	OutboxMessageEdge = Edge[*OutboxMessage]
	// ReachConnection is a page of tenants reached.
	ReachConnection = Page[*Reach]
	// ReachEdge is an edge of it.
	ReachEdge = Edge[*Reach]
)
