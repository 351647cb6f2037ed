package access

import (
	"fmt"
	"io"
	"strconv"
)

// Feature is something access is given to: a platform feature, named here, or a catalogue feature, which is data.
type Feature string

// The platform features.
const (
	Tenant        Feature = "TENANT"         // profile, address and tags of a tenant
	Users         Feature = "USERS"          // members, their contact data, approvals; implies Guests
	Guests        Feature = "GUESTS"         // members marked as guests
	Roles         Feature = "ROLES"          // custom roles, and the levels of members
	Partners      Feature = "PARTNERS"       // invitations, relationships, the partner profile
	Assignments   Feature = "ASSIGNMENTS"    // who of a partner's people may act where
	Sites         Feature = "SITES"          // sites and devices
	ServicesAdmin Feature = "SERVICES_ADMIN" // activation and subscriptions
	Audit         Feature = "AUDIT"          // the audit trail
	Tokens        Feature = "TOKENS"         // API tokens of members
)

// PlatformFeatures lists the platform features in the order in which they are shown.
var PlatformFeatures = [...]Feature{Tenant, Users, Guests, Roles, Partners, Assignments, Sites, ServicesAdmin, Audit, Tokens}

var platformNames = [len(PlatformFeatures)]string{"Tenant profile", "Members", "Guests", "Roles", "Partners", "Assignments", "Sites and devices",
	"Activation and subscriptions", "Audit trail", "API tokens"}

// place returns where a platform feature stands in PlatformFeatures, and -1 for any other. It is a switch, and no map, because levels
// are looked at for every field that somebody reads.
func (f Feature) place() int {
	switch f {
	case Tenant:
		return 0
	case Users:
		return 1
	case Guests:
		return 2
	case Roles:
		return 3
	case Partners:
		return 4
	case Assignments:
		return 5
	case Sites:
		return 6
	case ServicesAdmin:
		return 7
	case Audit:
		return 8
	case Tokens:
		return 9
	}
	return -1
}

// Platform reports whether f is a platform feature. Every other feature belongs to the catalogue.
func (f Feature) Platform() bool { return f.place() >= 0 }

// PlatformName returns the English name of a platform feature, and "" for any other.
func (f Feature) PlatformName() string {
	if i := f.place(); i >= 0 {
		return platformNames[i]
	}
	return ""
}

// Lasting lists the features whose MANAGE makes access lasting: in a customer tenant it is given by the customer's own
// members, or by a partner of record, and by nobody else.
var Lasting = []Feature{Users, Roles, Partners, Assignments, Tokens}

// MarshalGQL writes the feature as the enum PlatformFeature.
func (f Feature) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(f))) }

// UnmarshalGQL reads a value of the enum PlatformFeature.
func (f *Feature) UnmarshalGQL(v any) error {
	name, ok := v.(string)
	if !ok || !Feature(name).Platform() {
		return fmt.Errorf("%v is not a platform feature", v)
	}
	*f = Feature(name)
	return nil
}
