// Package world builds the worlds that the API is measured in.
package world

// Part is in which part somebody asks.
type Part string

// The parts. In each there are Askers people, all alike, so that no row of one person is what all requests wait for.
const (
	PartnerAdmin  Part = "partner administrator"  // of the large partner, an MSP with three of five customers
	PartnerStaff  Part = "partner staff"          // of the large partner, each assigned to many of its customers
	SmallPartner  Part = "small partner"          // administrators of a partner with ten customers, in every world
	CustomerAdmin Part = "customer administrator" // of a customer with many members and a long trail
)

// Askers is how many people there are in each part.
const Askers = 64

// World is what there is to ask for in a world.
type World struct {
	Size     Size
	Tokens   map[Part][]string // of live sessions, one a person
	Partner  string            // tenant of the large partner
	Customer string            // tenant of the customer with many members
	Points   []string          // tenants of customers of the large partner, all over the alphabet
	Members  []string          // members of Customer, none an administrator
	Email    string            // address of somebody who can sign in
	Password string            // and the password
}

// Size is how large a world is.
type Size struct {
	Name        string
	Customers   int
	Users       int // each a member of one tenant
	Assignments int
}

// The sizes of worlds.
var (
	Tiny  = Size{"tiny", 120, 1_200, 1_200} // for tests
	Small = Size{"small", 1_000, 10_000, 10_000}
	Large = Size{"large", 100_000, 1_000_000, 1_000_000}
)
