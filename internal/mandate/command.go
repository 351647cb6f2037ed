package mandate

import (
	"time"

	"mandate/ent"
	"mandate/ent/member"
	"mandate/ent/partner"
	"mandate/ent/privilegegroup"
	"mandate/ent/role"
	"mandate/ent/site"
	"mandate/ent/tenant"
	"mandate/ent/webhook"
	"mandate/internal/access"
)

// SignIn is the command to begin a session.
type SignIn struct {
	Email    string
	Password string
}

// ResetPassword is the command to set a password by a mailed token.
type ResetPassword struct {
	Token       string
	NewPassword string
}

// RequestPasswordReset is the command to mail a link to set a password.
type RequestPasswordReset struct {
	Email string
}

// ChangePassword is the command to set another password.
type ChangePassword struct {
	CurrentPassword string
	NewPassword     string
}

// ChangeEmail is the command to take another address.
type ChangeEmail struct {
	NewEmail        string
	CurrentPassword string
}

// VerifyEmail is the command to prove an address by a mailed token.
type VerifyEmail struct {
	Token       string
	NewPassword *string
}

// RevokeSession is the command to end a session of one's own.
type RevokeSession struct {
	ID string
}

// LeaveTenant is the command to give one's own membership up.
type LeaveTenant struct {
	TenantID string
}

// EnterTenant is the command to begin a session in another organisation's tenant.
type EnterTenant struct {
	TenantID string
	Reason   *string
}

// Address is a postal address.
type Address struct {
	Street     *string
	City       *string
	Region     *string
	PostalCode *string
	Country    *string
}

// CreateCustomer is the command to create a customer with its first administrator.
type CreateCustomer struct {
	PartnerID      *string
	Name           string
	AdminEmail     string
	AdminFirstName string
	AdminLastName  string
	AccountNumber  *string
	Address        *Address
	Tags           []string
	RoleKey        *role.Key
}

// ActivateService is the command to activate a tenant's service.
type ActivateService struct {
	TenantID string
}

// UpdateTenant is the command to change a tenant's profile; nil leaves what is there.
type UpdateTenant struct {
	ID            string
	Name          *string
	Email         *string
	AccountNumber *string
	Address       *Address
	Tags          []string
	SignUpPolicy  *tenant.SignUpPolicy
	Version       *int
}

// SuspendTenant is the command to close a tenant for a time.
type SuspendTenant struct {
	ID     string
	Reason *string
}

// ReactivateTenant is the command to open a suspended tenant again.
type ReactivateTenant struct {
	ID string
}

// DeleteTenant is the command to delete a tenant.
type DeleteTenant struct {
	ID     string
	Reason *string
}

// SyncInventory is the command to bring a tenant's sites, devices and subscriptions into line with the operator's books.
type SyncInventory struct {
	TenantID      string
	Sites         []*Site
	Devices       []*Device
	Subscriptions []*ServiceSubscription
	DryRun        *bool
}

// Site is a site as the books have it.
type Site struct {
	AccountNumber string
	Name          string
	City          *string
	Region        *string
	Status        site.Status
}

// Device is a device as the books have it.
type Device struct {
	SerialNumber      string
	SiteAccountNumber *string
	Name              *string
}

// ServiceSubscription is a subscription as the books have it.
type ServiceSubscription struct {
	ExternalID string
	Name       string
	Active     bool
	EndsAt     *time.Time
}

// Synced is what SyncInventory did, or would do.
type Synced struct {
	Tenant                      *ent.Tenant
	Created, Updated, Unchanged int
}

// UpsertFeature is the command to add a feature to the catalogue, or to rename one.
type UpsertFeature struct {
	Key         string
	Name        string
	ViewLabel   *string
	ManageLabel *string
	NoneLabel   *string
}

// RetireFeature is the command to take a feature out of the catalogue.
type RetireFeature struct {
	Key string
}

// Permission is a level on a feature.
type Permission struct {
	Feature string
	Level   *access.Level
}

// AddMembers is the command to add members to a tenant.
type AddMembers struct {
	TenantID string
	Members  []*NewMember
	DryRun   *bool
}

// NewMember is a member to be.
type NewMember struct {
	UserID            string
	Label             string
	FirstName         string
	LastName          string
	Email             string
	Phone             string
	Guest             *bool
	Administrator     *bool
	RoleID            *string
	RoleKey           *role.Key
	Permissions       []*Permission
	AllSites          *bool
	SiteIDs           []string
	SendPasswordEmail *bool
}

// UpdateMembers is the command to change members of a tenant.
type UpdateMembers struct {
	TenantID string
	Members  []*MemberChange
	DryRun   *bool
}

// MemberChange is a change of a member; nil leaves what is there.
type MemberChange struct {
	ID            string
	Version       *int
	UserID        *string
	Label         *string
	FirstName     *string
	LastName      *string
	Phone         *string
	Administrator *bool
	RoleID        *string
	RoleKey       *role.Key
	Permissions   []*Permission
	AllSites      *bool
	SiteIDs       []string
}

// RemoveMembers is the command to remove members from a tenant.
type RemoveMembers struct {
	TenantID string
	IDs      []string
	DryRun   *bool
}

// SetMemberStatus is the command to suspend members, or to take that back.
type SetMemberStatus struct {
	TenantID string
	IDs      []string
	Status   member.Status
	Reason   *string
}

// SendPasswordLinks is the command to mail members a link to set a password.
type SendPasswordLinks struct {
	TenantID string
	IDs      []string
}

// SignUp is the command of somebody who wants to become a member.
type SignUp struct {
	TenantCode string
	FirstName  string
	LastName   string
	Email      string
	Phone      string
	UserID     *string
	Label      *string
}

// ApproveAccessRequests is the command to let people in who signed up.
type ApproveAccessRequests struct {
	IDs           []string
	Administrator *bool
	RoleID        *string
	RoleKey       *role.Key
	Permissions   []*Permission
}

// RejectAccessRequests is the command to turn people away who signed up.
type RejectAccessRequests struct {
	IDs    []string
	Reason string
}

// ChangeRole is the command to give a member another role.
type ChangeRole struct {
	MemberID      string
	Administrator *bool
	RoleID        *string
	RoleKey       *role.Key
	Version       *int
}

// CreateRole is the command to make a role.
type CreateRole struct {
	TenantID    string
	Name        string
	Permissions []*Permission
}

// UpdateRole is the command to change a role.
type UpdateRole struct {
	ID          string
	Name        *string
	Permissions []*Permission
	Version     *int
}

// RegisterPartner is the command to register a partner.
type RegisterPartner struct {
	Name           string
	Type           partner.Type
	AdminEmail     string
	AdminFirstName string
	AdminLastName  string
	Recognized     *bool
}

// RecognizePartner is the command to recognise a partner, or to take that back.
type RecognizePartner struct {
	ID         string
	Recognized bool
}

// RotateInviteLink is the command to replace a partner's invite link.
type RotateInviteLink struct {
	PartnerID string
}

// NarrowRelationship is the command to lower a ceiling or to bring an end nearer.
type NarrowRelationship struct {
	ID      string
	RoleID  *string
	RoleKey *role.Key
	EndsAt  *time.Time
	Version *int
}

// WidenRelationship is the command to raise a ceiling.
type WidenRelationship struct {
	ID      string
	RoleID  *string
	RoleKey *role.Key
	Message *string
	Version *int
}

// SuspendRelationship is the command to suspend a relationship.
type SuspendRelationship struct {
	ID     string
	Reason *string
}

// ResumeRelationship is the command to resume one.
type ResumeRelationship struct {
	ID string
}

// TerminateRelationship is the command to end a relationship.
type TerminateRelationship struct {
	ID      string
	Reason  *string
	Version *int
	DryRun  *bool
}

// EndedAccess is what ends with a relationship.
type EndedAccess struct {
	People       int
	Groups       int
	TechPartners int
	Sessions     int
}

// InviteCustomer is the command to invite a customer by e-mail.
type InviteCustomer struct {
	PartnerID      *string
	Email          string
	RoleKey        *role.Key
	Message        *string
	ExpiresInHours *int
	AccessEndsAt   *time.Time
}

// InvitePartner is the command to invite a partner by Partner ID or link.
type InvitePartner struct {
	TenantID     *string
	Code         *string
	InviteLink   *string
	RoleID       *string
	RoleKey      *role.Key
	Message      *string
	AccessEndsAt *time.Time
}

// ResendInvitation is the command to send an invitation again.
type ResendInvitation struct {
	ID string
}

// RevokeInvitation is the command to take an invitation back.
type RevokeInvitation struct {
	ID string
}

// AcceptInvitation is the command to accept an invitation.
type AcceptInvitation struct {
	Token          *string
	ID             *string
	TenantID       *string
	RoleID         *string
	RoleKey        *role.Key
	ReplaceCurrent *bool
	NewAccount     *NewAccount
}

// NewAccount is a tenant, and an account, to be made while accepting.
type NewAccount struct {
	TenantName string
	FirstName  *string
	LastName   *string
	Password   *string
}

// DeclineInvitation is the command to decline an invitation.
type DeclineInvitation struct {
	Token  *string
	ID     *string
	Reason *string
}

// Assign is the command to give one of a partner's people a role in a customer.
type Assign struct {
	GranteeID    string
	TenantID     string
	RoleID       *string
	RoleKey      *role.Key
	AccessPeriod *AccessPeriod
}

// AccessPeriod says from when until when access is to count.
type AccessPeriod struct {
	StartsAt *time.Time
	Days     *int
	EndsAt   *time.Time
}

// RevokeAssignments is the command to take assignments back.
type RevokeAssignments struct {
	IDs    []string
	Reason *string
}

// CreateTechPartner is the command to create a tech partner of an MSP.
type CreateTechPartner struct {
	ManagerID      *string
	Name           string
	Type           partner.Type
	AdminEmail     string
	AdminFirstName string
	AdminLastName  string
}

// SetAssignedCustomers is the command to save which customers a tech partner is assigned to.
type SetAssignedCustomers struct {
	PartnerID    string
	Assign       []string
	Unassign     []string
	AllCustomers *bool
	AccessPeriod *AccessPeriod
	RoleID       *string
	RoleKey      *role.Key
}

// MspDelegation is a member who is to work in a tech partner's tenant.
type MspDelegation struct {
	MemberID string
	RoleKey  role.Key
}

// SetMspDelegations is the command to save who of an MSP's people works in a tech partner's tenant.
type SetMspDelegations struct {
	TenantID          string
	Members           []*MspDelegation
	PrivilegeGroupIDs []string
}

// ExtendAssignment is the command to give an assignment another access period.
type ExtendAssignment struct {
	ID           string
	AccessPeriod *AccessPeriod
	Version      *int
}

// CreatePrivilegeGroup is the command to make a privilege group.
type CreatePrivilegeGroup struct {
	TenantID    string
	Name        string
	Description *string
	RoleID      *string
	RoleKey     *role.Key
	Scope       privilegegroup.Scope
	CustomerIDs []string
	MemberIDs   []string
}

// UpdatePrivilegeGroup is the command to change a privilege group; nil leaves what is there.
type UpdatePrivilegeGroup struct {
	ID                string
	Name              *string
	Description       *string
	RoleID            *string
	RoleKey           *role.Key
	Scope             *privilegegroup.Scope
	AddCustomerIDs    []string
	RemoveCustomerIDs []string
	AddMemberIDs      []string
	RemoveMemberIDs   []string
	Version           *int
}

// DeletePrivilegeGroup is the command to delete a privilege group.
type DeletePrivilegeGroup struct {
	ID string
}

// DeleteRole is the command to delete a role of a tenant's own.
type DeleteRole struct {
	ID string
}

// ExtendRelationship is the command to move the end of a relationship further away.
type ExtendRelationship struct {
	ID             string
	EndsAt         *time.Time
	AutoExtendDays *int
	Version        *int
}

// SetTablePreference is the command to keep which columns of a table one wants to see.
type SetTablePreference struct {
	Table   string
	Columns []string
}

// ResetTablePreference is the command to go back to the columns that a table has by itself.
type ResetTablePreference struct {
	Table string
}

// Reauthenticate is the command to enter one's password again.
type Reauthenticate struct {
	Password string
}

// CreateAPIToken is the command to make an API token.
type CreateAPIToken struct {
	TenantID      *string // of the membership that it is to rest on; nil for the only one
	Name          string
	Scopes        []*Permission
	TenantIDs     []string // nil: every tenant that the membership leads to
	ExpiresInDays *int
}

// RevokeAPIToken is the command to revoke an API token.
type RevokeAPIToken struct {
	ID string
}

// RetryOutboxMessages is the command to have mails sent that were given up.
type RetryOutboxMessages struct {
	IDs []string
}

// DropOutboxMessages is the command to remove mails that were given up.
type DropOutboxMessages struct {
	IDs []string
}

// CreateWebhook is the command to make a webhook.
type CreateWebhook struct {
	TenantID string
	URL      string
	Events   []string // none for all
}

// UpdateWebhook is the command to change a webhook; nil leaves what is there.
type UpdateWebhook struct {
	ID      string
	URL     *string
	Events  []string
	Status  *webhook.Status
	Version *int
}

// RotateWebhookSecret is the command to give a webhook another secret.
type RotateWebhookSecret struct {
	ID string
}

// DeleteWebhook is the command to delete a webhook.
type DeleteWebhook struct {
	ID string
}

// RedeliverWebhook is the command to send deliveries again.
type RedeliverWebhook struct {
	IDs []string
}
