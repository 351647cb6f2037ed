package server

import (
	"context"
	"time"
)

// offer is what an invitation says to whoever is to answer it.
type offer struct {
	Direction, Status string
	Partner           partnerProfile
	Customer          *struct{ Name string }
	Role              role
	Permissions       []permission
	Message           string
	ExpiresAt         time.Time
	AccessEndsAt      *time.Time
	AccountNeeded     bool   // the invited address has no account
	PresentRole       string // of the relationship that the offer would widen
	Answerable        bool
}

type partnerProfile struct{ Name, Type, Code string }

type role struct {
	Key         string
	Name        string
	Permissions []permission
}

// permission is a level on a feature, in words.
type permission struct {
	Feature struct{ Name, Kind string }
	Level   string
	Label   string
}

// TypeName is what people call the type of the partner.
func (p partnerProfile) TypeName() string {
	switch p.Type {
	case "MSP":
		return "Managed service provider"
	case "RESELLER":
		return "Reseller"
	case "SUPPORT":
		return "Support partner"
	default:
		return p.Type
	}
}

// ToPartner reports whether a customer invites a partner.
func (o *offer) ToPartner() bool { return o.Direction == "CUSTOMER_TO_PARTNER" }

// CustomerName is the customer's name, once it is known.
func (o *offer) CustomerName() string {
	if o.Customer == nil {
		return ""
	}
	return o.Customer.Name
}

// preview returns what the invitation behind a mailed token offers; nil for a token that does not work.
func (a api) preview(ctx context.Context, token string) (*offer, error) {
	var answer struct{ InvitationByToken *offer }
	err := a.do(ctx, "", `query Preview($token: String!) {
		invitationByToken(token: $token) {
			direction message expiresAt accessEndsAt accountNeeded
			partner { name type code } customer { name } role { key name }
			permissions { feature { name kind } level label }
		}
	}`, map[string]any{"token": token}, &answer)
	if o := answer.InvitationByToken; o != nil {
		o.Answerable = true
	}
	return answer.InvitationByToken, err
}

// invitation returns the invitation with an id, as the owner of the session sees it; nil for one that they do not see.
func (a api) invitation(ctx context.Context, token, id string) (*offer, error) {
	var answer struct {
		Node *struct {
			offer
			CustomerProfile *struct{ Name string }
			Relationship    *struct{ Role struct{ Name string } }
			ViewerCanAccept bool
		}
	}
	err := a.do(ctx, token, `query Invitation($id: ID!) {
		node(id: $id) {
			... on Invitation {
				direction status message expiresAt accessEndsAt
				partner { name type code } customerProfile { name } viewerCanAccept
				role { key name permissions { feature { name kind } level label } }
				relationship { role { name } }
			}
		}
	}`, map[string]any{"id": id}, &answer)
	n := answer.Node
	if err != nil || n == nil || n.Direction == "" {
		return nil, err
	}
	o := n.offer
	o.Customer, o.Permissions, o.Answerable = n.CustomerProfile, o.Role.Permissions, n.ViewerCanAccept
	if n.Relationship != nil && o.Status == "PENDING" {
		o.PresentRole = n.Relationship.Role.Name
	}
	return &o, nil
}

// connection is what an accepted invitation led to.
type connection struct {
	ID, Kind        string
	Partner         partnerProfile
	CustomerProfile struct{ Name string }
	Role            role
	EndsAt          *time.Time
}

// accept accepts an invitation. The token is that of a new account's session, if it made one.
func (a api) accept(ctx context.Context, session string, in input) (c *connection, token string, f faults, err error) {
	var answer struct {
		AcceptInvitation struct {
			Token        string
			Relationship *connection
			UserErrors   faults
		}
	}
	err = a.do(ctx, session, `mutation Accept($input: AcceptInvitationInput!) {
		acceptInvitation(input: $input) {
			token
			relationship { id kind endsAt partner { name type code } customerProfile { name } role { name } }
			userErrors { message field code }
		}
	}`, in.variables(), &answer)
	done := answer.AcceptInvitation
	return done.Relationship, done.Token, done.UserErrors, err
}

// decline declines an invitation.
func (a api) decline(ctx context.Context, session string, in input) (faults, error) {
	var answer struct {
		DeclineInvitation struct{ UserErrors faults }
	}
	err := a.do(ctx, session, `mutation Decline($input: DeclineInvitationInput!) {
		declineInvitation(input: $input) { userErrors { message field code } }
	}`, in.variables(), &answer)
	return answer.DeclineInvitation.UserErrors, err
}
