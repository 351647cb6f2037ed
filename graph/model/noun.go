package model

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"mandate/ent"
	"mandate/ent/invitation"
	"mandate/ent/partner"
	"mandate/ent/relationship"
	"mandate/ent/rule"
	"mandate/ent/tenant"
	"mandate/internal/access"
)

// Node is anything with an identity. Its rows know their place among their siblings.
type Node any

// AssignmentGrantee is who an assignment is given to.
type AssignmentGrantee any

// AccessVia names a kind of route in the API.
type AccessVia rule.Via

// MarshalGQL writes the value of the enum.
func (v AccessVia) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(v))) }

// UnmarshalGQL reads a value of the enum.
func (v *AccessVia) UnmarshalGQL(x any) error {
	name, _ := x.(string)
	switch rule.Via(name) {
	case rule.Own, rule.Relationship, rule.Assignment, rule.PrivilegeGroup, rule.TechPartner, rule.MSP, rule.Operator:
		*v = AccessVia(name)
		return nil
	}
	return fmt.Errorf("%v is not an AccessVia", x)
}

// UserErrorCode names a rule of the business that was broken.
type UserErrorCode string

// MarshalGQL writes the value of the enum.
func (c UserErrorCode) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(c))) }

// UnmarshalGQL refuses: the enum is for answers only.
func (c *UserErrorCode) UnmarshalGQL(any) error {
	return fmt.Errorf("UserErrorCode is for answers only")
}

// UserError is why a mutation did nothing.
type UserError struct {
	Message string
	Field   []string
	Code    UserErrorCode
}

// Feature is something that access is given to.
type Feature struct {
	Key     string
	Name    string
	Kind    FeatureKind
	Retired bool
	Labels  [3]string // by level
}

// Levels lists what the levels are called.
func (f *Feature) Levels() []*FeatureLevel {
	levels := make([]*FeatureLevel, len(f.Labels))
	for i, label := range f.Labels {
		levels[i] = &FeatureLevel{Level: access.Level(i), Label: label}
	}
	return levels
}

// FeaturePermission is a level on a feature.
type FeaturePermission struct {
	Feature *Feature
	Level   access.Level
}

// Label is what the level is called.
func (p *FeaturePermission) Label() string { return p.Feature.Labels[p.Level] }

// Viewer is who asks.
type Viewer struct{ User *ent.User }

// Reach is a tenant that the viewer reaches.
type Reach struct {
	Tenant *ent.Tenant
	Via    []AccessVia
	Levels access.Levels
	EndsAt *time.Time
}

// InvitationPreview is what the holder of a mailed token sees of the invitation.
type InvitationPreview struct {
	Direction        invitation.Direction
	RelationshipKind relationship.Kind
	Partner          *PartnerProfile
	Customer         *TenantProfile
	Role             *ent.Role
	Message          *string
	ExpiresAt        time.Time
	AccessEndsAt     *time.Time
	AccountNeeded    bool
}

// PartnerProfile is all that is seen of a partner from outside.
type PartnerProfile struct {
	Name string
	Type partner.Type
	Code string
}

// TenantProfile is all that is seen of a tenant from outside.
type TenantProfile struct {
	Name          string
	Kind          tenant.Kind
	AccountNumber *string
}

// PersonProfile is all that is seen of a person from outside.
type PersonProfile struct{ Name string }

// OutboxMessage is a mail as the operator sees it.
type OutboxMessage struct {
	ID            string
	Kind          string
	Recipient     string
	Status        OutboxStatus
	Attempts      int
	CreatedAt     time.Time
	NextAttemptAt *time.Time
	SentAt        *time.Time
	LastError     *string
	Retryable     bool
}
