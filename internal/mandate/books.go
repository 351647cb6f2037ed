package mandate

import (
	"strconv"
	"strings"
	"time"

	"mandate/ent"
	"mandate/ent/site"
)

// books are what the operator's books say of a tenant, cleaned.
type books struct {
	sites         []siteEntry
	devices       []deviceEntry
	subscriptions []subscriptionEntry
}

// entry is what the books say, or what is stored, of one thing: known by its number, and the same if it is equal.
type entry interface {
	comparable
	number() string
	title() string // for the audit trail
}

type siteEntry struct {
	account, name, city, region string
	status                      site.Status
}

func siteEntryOf(row *ent.Site) siteEntry {
	return siteEntry{row.AccountNumber, row.Name, orZero(row.City), orZero(row.Region), row.Status}
}

func (e siteEntry) number() string { return e.account }

func (e siteEntry) title() string {
	return phrases(e.name, "city", e.city, "region", e.region, "status", string(e.status))
}

type deviceEntry struct {
	serial, name string
	site         string // by its account number; "" for nowhere
}

func deviceEntryOf(row *ent.Device) deviceEntry {
	e := deviceEntry{serial: row.SerialNumber, name: orZero(row.Name)}
	if at := row.Edges.Site; at != nil {
		e.site = at.AccountNumber
	}
	return e
}

func (e deviceEntry) number() string { return e.serial }

func (e deviceEntry) title() string {
	if e.site == "" {
		return phrases(e.name, "at", "no site")
	}
	return phrases(e.name, "at site", e.site)
}

type subscriptionEntry struct {
	id, name string
	active   bool
	endsAt   time.Time // in UTC; zero for an open end
}

func subscriptionEntryOf(row *ent.ServiceSubscription) subscriptionEntry {
	return subscriptionEntry{row.ExternalID, row.Name, row.Active, orZero(row.EndsAt).UTC()}
}

func (e subscriptionEntry) number() string { return e.id }

func (e subscriptionEntry) title() string {
	words := map[bool]string{true: "on", false: "off"}[e.active]
	if e.endsAt.IsZero() {
		return phrases(e.name, "switched", words)
	}
	return phrases(e.name, "switched", words, "until", e.endsAt.Format(time.RFC3339Nano))
}

// end is when the subscription ends; nil for an open end.
func (e subscriptionEntry) end() *time.Time {
	if e.endsAt.IsZero() {
		return nil
	}
	return &e.endsAt
}

// phrases joins a name, if there is one, and pairs of a word and a value, of which those without a value are left out.
func phrases(name string, pairs ...string) string {
	var parts []string
	if name != "" {
		parts = append(parts, name)
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			parts = append(parts, pairs[i]+" "+pairs[i+1])
		}
	}
	return strings.Join(parts, "; ")
}

// readBooks cleans what a command says, and tells all that is wrong with it at once.
func readBooks(cmd SyncInventory) (b books, faults Errors) {
	faults = those(atMost(len(cmd.Sites), mostAtOnce, "sites", "sites"), atMost(len(cmd.Devices), mostAtOnce, "devices", "devices"),
		atMost(len(cmd.Subscriptions), mostAtOnce, "subscriptions", "subscriptions"))
	if faults != nil {
		return b, faults
	}
	r := bookReader{faults: &faults, named: make(map[string]bool)}
	for i, in := range cmd.Sites {
		r.row = []string{"sites", strconv.Itoa(i)}
		b.sites = append(b.sites, siteEntry{r.number(in.AccountNumber, 60, "accountNumber"), r.text(in.Name, 200, "name"),
			r.optional(in.City, 100, "city"), r.optional(in.Region, 100, "region"), in.Status})
	}
	for i, in := range cmd.Devices {
		r.row = []string{"devices", strconv.Itoa(i)}
		b.devices = append(b.devices, deviceEntry{r.number(in.SerialNumber, 100, "serialNumber"), r.optional(in.Name, 200, "name"),
			r.optional(in.SiteAccountNumber, 60, "siteAccountNumber")})
	}
	for i, in := range cmd.Subscriptions {
		r.row = []string{"subscriptions", strconv.Itoa(i)}
		b.subscriptions = append(b.subscriptions, subscriptionEntry{r.number(in.ExternalID, 100, "externalId"), r.text(in.Name, 200, "name"),
			in.Active, r.end(in.EndsAt)})
	}
	return b, faults
}

// strayDevices tells of devices at sites that neither the books nor the tables have.
func (b books) strayDevices(stored *inventory) (faults Errors) {
	known := make(map[string]bool, len(b.sites))
	for _, e := range b.sites {
		known[e.account] = true
	}
	for i, e := range b.devices {
		if stored.siteIDs[e.site] == "" && !known[e.site] && e.site != "" {
			faults = append(faults, broken(NotFound, "The tenant has no site with this number.", "devices", strconv.Itoa(i), "siteAccountNumber"))
		}
	}
	return faults
}

// bookReader cleans row after row, and keeps what is wrong with them.
type bookReader struct {
	row    []string // where in the command it stands
	faults *Errors
	named  map[string]bool // numbers, by kind
}

func (r bookReader) tell(fault *Error) {
	if fault != nil {
		*r.faults = append(*r.faults, fault.under(r.row...))
	}
}

func (r bookReader) text(s string, most int, field string) string {
	line, fault := oneLine(s, most, field)
	r.tell(fault)
	return line
}

func (r bookReader) optional(s *string, most int, field string) string {
	line, fault := optionalLine(s, most, field)
	r.tell(fault)
	return orZero(line)
}

// number reads by what a thing is known; every thing is named once.
func (r bookReader) number(s string, most int, field string) string {
	n := r.text(s, most, field)
	key := r.row[0] + " " + n
	if n != "" && r.named[key] {
		r.tell(broken(Conflict, "It is named twice.", field))
	}
	r.named[key] = true
	return n
}

// end reads when a subscription ends.
func (r bookReader) end(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	if at.Year() < 1970 {
		r.tell(broken(Invalid, "No subscription ended before 1970.", "endsAt"))
	}
	return at.UTC()
}
