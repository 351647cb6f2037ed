package mandate

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Code names a rule of the business that an operation can break.
type Code string

// The rules.
const (
	Invalid                   Code = "INVALID"
	Required                  Code = "REQUIRED"
	TooLong                   Code = "TOO_LONG"
	NotFound                  Code = "NOT_FOUND"
	Conflict                  Code = "CONFLICT"
	StaleVersion              Code = "STALE_VERSION"
	LimitExceeded             Code = "LIMIT_EXCEEDED"
	CredentialsInvalid        Code = "CREDENTIALS_INVALID"
	SignInRequired            Code = "SIGN_IN_REQUIRED"
	ReauthenticationRequired  Code = "REAUTHENTICATION_REQUIRED"
	PasswordTooWeak           Code = "PASSWORD_TOO_WEAK"
	TokenInvalid              Code = "TOKEN_INVALID"
	CustomerAlreadyLinked     Code = "CUSTOMER_ALREADY_LINKED"
	PartnerPermissionRequired Code = "PARTNER_PERMISSION_REQUIRED"
	PartnerNotFound           Code = "PARTNER_NOT_FOUND"
	PartnerCannotInvite       Code = "PARTNER_CANNOT_INVITE_PARTNER"
	CannotInviteSelf          Code = "CANNOT_INVITE_SELF"
	InvitationInvalid         Code = "INVITATION_INVALID"
	InvitationNotPending      Code = "INVITATION_NOT_PENDING"
	InvitationAlreadyExists   Code = "INVITATION_ALREADY_EXISTS"
	InvitationResendLimit     Code = "INVITATION_RESEND_LIMIT"
	InvitationLimitReached    Code = "INVITATION_LIMIT_REACHED"
	RelationshipNotActive     Code = "RELATIONSHIP_NOT_ACTIVE"
	RelationshipNotTerminable Code = "RELATIONSHIP_NOT_TERMINABLE"
	RoleExceedsGrant          Code = "ROLE_EXCEEDS_GRANT"
	RoleInUse                 Code = "ROLE_IN_USE"
	PrivilegeGroupNameLocked  Code = "PRIVILEGE_GROUP_NAME_LOCKED"
	AccessPeriodOutOfRange    Code = "ACCESS_PERIOD_OUT_OF_RANGE"
	AlreadyMember             Code = "ALREADY_MEMBER"
	LastAdministrator         Code = "LAST_ADMINISTRATOR"
	PhoneCountryCodeRequired  Code = "PHONE_COUNTRY_CODE_REQUIRED"
	PermissionRequired        Code = "PERMISSION_REQUIRED_FOR_EACH_FEATURE"
	SSOLevelRequired          Code = "SSO_LEVEL_REQUIRED"
	SelfApprovalForbidden     Code = "SELF_APPROVAL_FORBIDDEN"
	RequestAlreadyDecided     Code = "REQUEST_ALREADY_DECIDED"
	TenantSuspended           Code = "TENANT_SUSPENDED"
	TenantHasSubscriptions    Code = "TENANT_HAS_ACTIVE_SUBSCRIPTIONS"
	ServiceAlreadyActive      Code = "SERVICE_ALREADY_ACTIVE"
	TooManyTags               Code = "TOO_MANY_TAGS"
	InvalidTag                Code = "INVALID_TAG"
)

// Error is a rule of the business that an operation broke; nothing was written.
type Error struct {
	Code    Code
	Message string   // one sentence for people
	Field   []string // where in the command, from "input" on
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Message }

// Errors are several rules that one operation broke.
type Errors []*Error

// Error returns the sentences.
func (es Errors) Error() string {
	sentences := make([]string, len(es))
	for i, e := range es {
		sentences[i] = e.Message
	}
	return strings.Join(sentences, " ")
}

// Throttled says that somebody asks or tries too much, and that nothing was looked at: it tells nothing of what was tried.
type Throttled struct{ RetryAfter time.Duration }

// Error says when to come back.
func (e *Throttled) Error() string {
	return fmt.Sprintf("Too much at once: try again in %d s.", e.Seconds())
}

// Seconds is RetryAfter in whole seconds, rounded up: as headers and extensions say it.
func (e *Throttled) Seconds() int { return int(math.Ceil(e.RetryAfter.Seconds())) }

var (
	// ErrForbidden says that the viewer sees what the operation is about, and lacks the level that it needs.
	ErrForbidden = errors.New("you do not have the permission that this takes")
	// ErrUnauthenticated says that nobody is signed in.
	ErrUnauthenticated = errors.New("sign in first")
)

// broken makes an error about a field of the input.
func broken(code Code, message string, field ...string) *Error {
	return &Error{Code: code, Message: message, Field: append([]string{"input"}, field...)}
}

// notFound is the one answer for what does not exist and for what the viewer may not know of.
func notFound(field ...string) *Error {
	return broken(NotFound, "There is nothing with this id, or you may not see it.", field...)
}

// atMost fails for a list of more things than a command may name.
func atMost(n, most int, things string, field ...string) *Error {
	if n <= most {
		return nil
	}
	return broken(LimitExceeded, fmt.Sprintf("Name at most %d %s.", most, things), field...)
}

// oneTo is atMost for a list that must not be empty either.
func oneTo(n, most int, things string, field ...string) *Error {
	if n >= 1 && n <= most {
		return nil
	}
	return broken(LimitExceeded, fmt.Sprintf("Name 1 to %d %s.", most, things), field...)
}

// those returns the faults that there are.
func those(faults ...*Error) (there Errors) {
	for _, fault := range faults {
		if fault != nil {
			there = append(there, fault)
		}
	}
	return there
}

// under returns e with its field below another one.
func (e *Error) under(path ...string) *Error {
	c := *e
	c.Field = append([]string{"input"}, append(path, e.Field[1:]...)...)
	return &c
}
