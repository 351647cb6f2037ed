// Package model holds the types of the API that are neither rows nor commands.
package model

import (
	"context"

	"mandate/ent"
)

// MostCounted is how far a list is counted; one more stands for "more".
const MostCounted = 10_000

// Page is one page of a list. The whole is counted only when that is selected.
type Page[T any] struct {
	Nodes    []T
	PageInfo *PageInfo
	Cursors  []string // of the nodes
	Count    func(context.Context) (int, error)
}

// Edge is a row of a page with its cursor.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// PageInfo is where a page stands in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// Edges returns the rows with their cursors.
func (p *Page[T]) Edges() []*Edge[T] {
	edges := make([]*Edge[T], len(p.Nodes))
	for i, n := range p.Nodes {
		edges[i] = &Edge[T]{p.Cursors[i], n}
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

// The pages of the API's lists.
type (
	TenantConnection       = Page[*ent.Tenant]
	TenantEdge             = Edge[*ent.Tenant]
	MemberConnection       = Page[*ent.Member]
	MemberEdge             = Edge[*ent.Member]
	RoleConnection         = Page[*ent.Role]
	RoleEdge               = Edge[*ent.Role]
	RelationshipConnection = Page[*ent.Relationship]
	RelationshipEdge       = Edge[*ent.Relationship]
	InvitationConnection   = Page[*ent.Invitation]
	InvitationEdge         = Edge[*ent.Invitation]
	AssignmentConnection   = Page[*ent.Assignment]
	AssignmentEdge         = Edge[*ent.Assignment]
	SessionConnection      = Page[*ent.Session]
	SessionEdge            = Edge[*ent.Session]
	AuditEventConnection   = Page[*ent.AuditEvent]
	AuditEventEdge         = Edge[*ent.AuditEvent]
	ReachConnection        = Page[*Reach]
	ReachEdge              = Edge[*Reach]
)
