package access

// RoleKey names a system role.
type RoleKey string

// The system roles. They are fixed; a tenant adds roles of its own.
const (
	PrimeAdmin    RoleKey = "PRIME_ADMIN"
	Administrator RoleKey = "ADMINISTRATOR"
	GuestManager  RoleKey = "GUEST_MANAGER"
	ReadOnly      RoleKey = "READ_ONLY"
	DecisionMaker RoleKey = "DECISION_MAKER"
	PhoneManager  RoleKey = "PHONE_MANAGER"
)

// SystemRole is a role that every tenant has and nobody changes.
type SystemRole struct {
	Key    RoleKey
	ID     string // the id of its row, the same in every installation
	Name   string
	Levels Levels
}

// SystemRoles lists the system roles in the order in which they are shown. Their rows are made by the first migration.
var SystemRoles = []SystemRole{
	{PrimeAdmin, "rol_00000000000000000000000001", "Prime Admin", Everything},
	{Administrator, "rol_00000000000000000000000002", "Administrator", Everything.with(map[Feature]Level{Assignments: View, Partners: View})},
	{GuestManager, "rol_00000000000000000000000003", "Guest Manager", Of(map[Feature]Level{Guests: Manage, Tenant: View})},
	{ReadOnly, "rol_00000000000000000000000004", "Read-Only", all(View)},
	{DecisionMaker, "rol_00000000000000000000000005", "Decision Maker", Everything},
	{PhoneManager, "rol_00000000000000000000000006", "Phone Manager", Levels{catalogue: Manage}.with(map[Feature]Level{"invoices": None, Tenant: View, Sites: View})},
}

// SystemRoleByKey finds a system role by its key.
func SystemRoleByKey(key RoleKey) (SystemRole, bool) {
	for _, r := range SystemRoles {
		if r.Key == key {
			return r, true
		}
	}
	return SystemRole{}, false
}

// SystemRoleByID finds a system role by the id of its row.
func SystemRoleByID(id string) (SystemRole, bool) {
	for _, r := range SystemRoles {
		if r.ID == id {
			return r, true
		}
	}
	return SystemRole{}, false
}
