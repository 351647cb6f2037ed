package oracle_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// letter is the rule of a kind of mail: which rows it is about, of those that the mutation wrote; to whom it goes; and what
// these are told because that is what the mail is for. Beyond that a mail says only what its recipient may read. To whom and
// what are paths that begin at the row: by references, and at the end to a column.
type letter struct {
	name  string // of its type in the package of mails
	about string // a table
	to    string // rows with an address
	tells string // values
}

// letters are the rules of all kinds of mail.
var letters = map[string]letter{
	"invitation":          {"InvitationToCustomer", "invitations", "self", "partner_name role_id.name message"},
	"invitation.received": {"InvitationToPartner", "invitations", "partner_id.administrators", ""},
	"invitation.accepted": {"InvitationAccepted", "invitations", "sender_id.user_id", ""},
	"invitation.declined": {"InvitationDeclined", "invitations", "sender_id.user_id", ""},
	"invitation.revoked":  {"InvitationRevoked", "invitations", "self partner_id.administrators customer_id.administrators", "partner_name customer_name"},
	"relationship.offer":  {"RelationshipOffer", "invitations", "customer_id.administrators", "partner_name role_id.name relationship_id.role_id.name message"},
	"relationship.ended":  {"RelationshipEnded", "relationships", "partner_id.administrators customer_id.administrators", "partner_name customer_name end_reason"},
	"member.added":        {"AddedToTenant", "members", "user_id", "tenant_id.name actor"},
	"member.welcome":      {"Welcome", "one_time_tokens", "user_id", "tenant_id.name actor"},
	"password.link":       {"PasswordReset", "one_time_tokens", "user_id", "tenant_id.name actor"},
	"password.reset":      {"PasswordReset", "one_time_tokens", "user_id", ""},
	"password.changed":    {"PasswordChanged", "users", "self", ""},
	"api_token.created":   {"APITokenCreated", "api_tokens", "user_id", ""},
	"email.verify":        {"VerifyAddress", "one_time_tokens", "self", "user_id.email"},
	"email.taken":         {"AddressTaken", "one_time_tokens", "self", ""},
	"email.changed":       {"AddressChanged", "users", "before", ""},
	"signup.verify":       {"SignUp", "one_time_tokens", "user_id", "tenant_id.name"},
	"signup.member":       {"SignedUp", "audit_events", "target_id.user_id", "tenant_id.name"},
	"request.waiting":     {"RequestWaiting", "access_requests", "tenant_id.administrators", ""},
	"request.approved":    {"RequestApproved", "access_requests", "member_id.user_id", ""},
	"request.rejected":    {"RequestRejected", "access_requests", "member_id.user_id", "tenant_id.name reason"},
	"tenant.suspended":    {"TenantSuspended", "audit_events", "tenant_id.administrators", "tenant_id.name reason actor_tenant_name"},
	"tenant.reactivated":  {"TenantReactivated", "audit_events", "tenant_id.administrators", ""},
	"tenant.deleted":      {"TenantDeleted", "audit_events", "tenant_id.administrators", "tenant_id.name reason actor_name actor_tenant_name"},
}

// byItself are the letters that no mutation brings about: the clock does, or a worker.
var byItself = []string{"AccessEnded", "AccessEnding", "Accesses", "RelationshipExtended", "WebhookDisabled"}

// deed is a mutation that somebody did, with the world before and after it.
type deed struct {
	by            who
	name          string
	input         map[string]any
	before, after *world
	refused       bool
	schema        *ast.Schema
	readable      map[who]map[string]bool // what people may read of the world after it
}

// message is a mail in the outbox.
type message struct{ kind, recipient, canonical, subject, text, html string }

// written lists the rows of a table that the mutation wrote.
func (d *deed) written(table string) []row {
	return d.after.find(table, func(x row) bool { return !reflect.DeepEqual(x, d.before.byID[x.s("id")]) })
}

// administrators of a tenant with a status.
func (w *world) administrators(tenantID, status string) []row {
	return w.find("members", func(m row) bool {
		return m.s("tenant_id") == tenantID && m.b("administrator") && m.s("status") == status
	})
}

// follow walks a path from a row; what it comes to are rows, or values.
func (d *deed) follow(x row, path string) (found []any) {
	step, rest, more := strings.Cut(path, ".")
	switch step {
	case "self":
		return []any{x}
	case "before":
		return []any{d.before.byID[x.s("id")]}
	case "administrators": // as the mutation found them: deleting a tenant removes its own
		for _, m := range d.before.administrators(x.s("id"), "ACTIVE") {
			found = append(found, d.after.byID[m.s("user_id")])
		}
		return found
	case "actor": // by a name that a tenant gave them from which they may do it, or as that tenant
		for _, p := range newOracle(d.after, d.by).ways[x.s("tenant_id")] {
			found = append(found, p.home["first_name"], p.home["last_name"], d.after.byID[p.home.s("tenant_id")]["name"])
		}
		return found
	}
	if next := d.after.byID[x.s(step)]; more {
		return d.follow(next, rest)
	} else if next != nil {
		return []any{next}
	}
	return []any{x[step]}
}

// holds says what is wrong with the mails that a mutation left in the outbox.
func (d *deed) holds(mails ...message) (faults []string) {
	if d.refused && len(mails) > 0 {
		faults = append(faults, fmt.Sprintf("%s was refused, and %s was mailed", d.name, mails[0].kind))
	}
	for _, m := range mails {
		if _, known := letters[m.kind]; !known {
			faults = append(faults, "there is no rule for "+m.kind)
			continue
		}
		if len(d.due(m)) == 0 {
			faults = append(faults, fmt.Sprintf("%s does not go to %s (%s)", m.kind, m.recipient, m.canonical))
		}
		told := d.told(m)
		for part, text := range map[string]string{"recipient": m.recipient, "subject": m.subject, "text": m.text, "HTML": m.html} {
			for _, word := range words(text) {
				if !told[word] && !d.reads(d.reader(m))[word] {
					faults = append(faults, fmt.Sprintf("the %s of %s tells %s to %s", part, m.kind, word, m.canonical))
				}
			}
		}
	}
	return faults
}

// due lists the rows that the mutation wrote for which a mail goes where it goes.
func (d *deed) due(m message) (list []row) {
	rule := letters[m.kind]
	for _, x := range d.written(rule.about) {
		if slices.ContainsFunc(strings.Fields(rule.to), func(path string) bool {
			return slices.ContainsFunc(d.follow(x, path), func(to any) bool {
				y, _ := to.(row)
				return y.s("email") == m.recipient && y.s("email_canonical") == m.canonical
			})
		}) {
			list = append(list, x)
		}
	}
	return list
}

// told is what the reader of a mail is told by what it is for: the canaries, and the rows that it is about.
func (d *deed) told(m message) map[string]bool {
	told := make(map[string]bool)
	for _, x := range d.due(m) {
		note(told, x.s("id"), m.recipient)
		for _, path := range strings.Fields(letters[m.kind].tells) {
			for _, v := range d.follow(x, path) {
				if text, is := v.(string); is && d.after.minds("what "+m.kind+" tells") {
					note(told, text)
				}
			}
		}
	}
	return told
}

// reader is whoever has the address of a mail, as somebody who signs in.
func (d *deed) reader(m message) who {
	for _, u := range d.after.tables["users"] {
		if u["email_canonical"] == m.canonical {
			return who{user: u.s("id"), email: m.canonical}
		}
	}
	return who{}
}

// reads is what somebody may read after the mutation.
func (d *deed) reads(v who) map[string]bool {
	if d.readable[v] == nil {
		d.readable[v] = newOracle(d.after, v).readable(d.schema)
	}
	return d.readable[v]
}

// identifier matches the ids of rows.
var identifier = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)

// words finds the canaries in a text, in lower case, and the ids.
func words(text string) []string {
	found := identifier.FindAllString(text, -1)
	for _, word := range canaries(text) {
		found = append(found, strings.ToLower(word))
	}
	return found
}

func note(told map[string]bool, texts ...string) {
	for _, text := range texts {
		for _, word := range words(text) {
			told[word] = true
		}
	}
}

// readable are the canaries in all texts that the principal may read, and the ids of all that they see.
func (o *oracle) readable(schema *ast.Schema) map[string]bool {
	told := make(map[string]bool)
	for table, kind := range typeOf {
		texts := textsOf(schema, schema.Types[kind])
		for _, x := range o.tables[table] {
			if o.sees(x) {
				note(told, x.s("id"))
				o.gather(told, node(x), texts)
			}
		}
	}
	return told
}

// textsOf selects the texts of an object, and those of the values in it.
func textsOf(schema *ast.Schema, d *ast.Definition) (list []*selection) {
	for _, f := range d.Fields {
		below := schema.Types[f.Type.Name()]
		switch {
		case len(f.Arguments) > 0:
		case below.Name == "String":
			list = append(list, &selection{name: f.Name})
		case below.Kind == ast.Object && below.Fields.ForName("id") == nil && below.Fields.ForName("level") == nil:
			if kids := textsOf(schema, below); len(kids) > 0 {
				list = append(list, &selection{name: f.Name, kids: kids})
			}
		}
	}
	return list
}

// gather notes what is told where texts are selected of a value.
func (o *oracle) gather(told map[string]bool, v any, texts []*selection) {
	switch v := v.(type) {
	case outcome:
		if v.code == "" && !v.unknown {
			o.gather(told, v.value, texts)
		}
	case object:
		for _, k := range texts {
			o.gather(told, o.field(v, k.name, nil), k.kids)
		}
	case []any:
		for _, one := range v {
			o.gather(told, one, texts)
		}
	case string:
		note(told, v)
	}
}
