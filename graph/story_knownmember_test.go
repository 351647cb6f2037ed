package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/testworld"
)

const wholeMember = `id version createdAt updatedAt name firstName lastName userId label email phone status guest administrator allSites lastSignedInAt
	role { key } permissions { level } tenant { id } user { id email }`

// TestNobodyLearnsWhoIsKnown: a tenant adds people side by side who have an account and who have none, and cannot tell
// them apart: not by the answer, nor by what it reads afterwards, nor by what it is mailed.
func TestNobodyLearnsWhoIsKnown(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		known := s.Person("known").Join(fabrikam.Tenant, testworld.Administrator)
		s.adds(fabrikam.Admin, fabrikam.ID, newMember(9, in{"email": "halfway@example.com"})) // an account without a password
		s.Later(31 * 24 * time.Hour)
		people := []string{"Known@Example.COM", "halfway@example.com", "Nobody@example.com"}
		var rows []in
		for n, email := range people {
			rows = append(rows, newMember(n, in{"email": email}))
		}
		add := in{"tenantId": contoso.ID, "members": rows}
		var ids []string

		// alike compares what is answered about each of them, once what is given or chance is taken out.
		alike := func(s scene, a *testworld.Answer, list string) {
			s.Helper()
			given := strings.NewReplacer("known@example.com", "E", "halfway@example.com", "E", "nobody@example.com", "E", "KNOWN@EXAMPLE.COM", "E")
			var first string
			for n := range people {
				m := a.At(fmt.Sprintf("%s.%d", list, n)).(map[string]any)
				ids = append(ids, m["id"].(string))
				about := strings.NewReplacer(m["id"].(string), "ID", m["user"].(map[string]any)["id"].(string), "PERSON", fmt.Sprint("user", n), "HANDLE",
					fmt.Sprint("User ", n), "LABEL", fmt.Sprint("Person ", n), "NAME").Replace(given.Replace(fmt.Sprint(m)))
				if n == 0 {
					first = about
				}
				if diff := cmp.Diff(first, about); diff != "" {
					s.Errorf("%s is told from the known one:\n%s", people[n], diff)
				}
			}
		}
		s.then("neither by a dry run", func(s scene) {
			rehearsal := in{"dryRun": true}
			for k, v := range add {
				rehearsal[k] = v
			}
			s.rehearses(contoso.Admin, "addMembers", rehearsal)
		})
		s.then("nor by the answer", func(s scene) {
			before := s.events()
			a := contoso.Admin.Do("mutation($in: AddMembersInput!) { addMembers(input: $in) { members { "+wholeMember+" } userErrors { code } } }", vars{"in": add}).OK()
			s.is("events", s.events()-before, 1)
			alike(s, a, "addMembers.members")
			s.sees(a.Column("addMembers.members", "email"), "known@example.com", "halfway@example.com", "nobody@example.com")
		})
		s.then("nor by the list, nor by nodes", func(s scene) {
			a := contoso.Admin.Do("query($t: ID!) { tenant(id: $t) { members(first: 9, filter: {search: \"new p\"}) { nodes { "+wholeMember+" } } } }", vars{"t": contoso.ID}).OK()
			alike(s, a, "tenant.members.nodes")
			a = contoso.Admin.Do("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Member { "+wholeMember+" } } }", vars{"ids": ids[:len(people)]}).OK()
			alike(s, a, "nodes")
		})
		s.then("nor by an id that would tell how old it is", func(s scene) {
			beginnings := make(map[string]bool)
			for _, id := range s.read("SELECT id FROM users") {
				beginnings[id[:len("usr_")+5]] = true // what would be the hour in an id that grows with time
			}
			s.is("beginnings", len(beginnings), 5)
		})
		s.then("nor by how much the answer takes to read", func(s scene) {
			took := make(map[int]bool)
			for n, email := range []string{"contoso@example.com", "somebody@example.com"} { // known, and not
				a := fabrikam.Admin.Do("mutation($in: AddMembersInput!) { addMembers(input: $in) { members { "+wholeMember+" } userErrors { code } } }",
					vars{"in": in{"tenantId": fabrikam.ID, "members": []in{newMember(20+n, in{"email": email})}}}).OK()
				took[a.Statements] = true
			}
			s.is("numbers of statements", len(took), 1)
		})
		s.then("nor by mails, nor by the audit trail", func(s scene) {
			s.is("mails to the administrator", len(s.Mails("contoso@example.com")), 1) // that Fabrikam added them
			s.sees(changed(contoso.Admin, contoso.ID, "member.added"),
				"<nil>; New Person 0: <nil> > Read-Only; New Person 1: <nil> > Read-Only; New Person 2: <nil> > Read-Only")
		})
		s.then("nor by sending them links, or suspending them", func(s scene) {
			a := s.does(contoso.Admin, "sendPasswordLinks", in{"tenantId": contoso.ID, "ids": ids[:len(people)]})
			s.sees(a.Column("sendPasswordLinks.members", "id"), ids[:len(people)]...)
			s.sees(changed(contoso.Admin, contoso.ID, "password.links_sent"), "<nil>; New Person 0: <nil> > a link; New Person 1: <nil> > a link; New Person 2: <nil> > a link")
			for _, status := range []string{"SUSPENDED", "ACTIVE"} {
				a := s.does(contoso.Admin, "setMemberStatus", in{"tenantId": contoso.ID, "ids": ids[:len(people)], "status": status})
				s.sees(a.Column("setMemberStatus.members", "status"), status, status, status)
			}
		})
		s.then("but the known one is told, by a note without a link, and keeps the password", func(s scene) {
			mails := s.Mails("known@example.com")
			s.is("kind", mails[0].Kind, "member.added")
			s.is("a link", strings.Contains(mails[0].Text+mails[0].HTML, "token="), false)
			s.has(strings.Split(mails[0].Text, "\n"), "You were added to Contoso by Contoso Smith. Log in with your usual e-mail and password to find it among your tenants.")
			s.is("kind", s.Mails("halfway@example.com")[1].Kind, "member.welcome")
			s.is("kind", s.Mails("nobody@example.com")[0].Kind, "member.welcome")
			a := s.person("known@example.com").Do("{ viewer { user { id } tenants(first: 9) { nodes { tenant { name } } } } }", nil).OK()
			s.is("person", a.At("viewer.user.id"), known.ID)
			s.sees(a.Column("viewer.tenants.nodes", "tenant.name"), "Contoso", "Fabrikam")
		})
		s.then("and is told even when nobody wants a link to be mailed", func(s scene) {
			adatum := s.Customer("Adatum")
			s.does(adatum.Admin, "addMembers", in{"tenantId": adatum.ID, "members": []in{
				newMember(1, in{"email": "known@example.com", "sendPasswordEmail": false}), newMember(2, in{"email": "quiet@example.com", "sendPasswordEmail": false})}})
			mails := s.Mails("known@example.com")
			s.is("subject", mails[len(mails)-1].Subject, "You were added to Adatum")
			s.is("mails to somebody new", len(s.Mails("quiet@example.com")), 0)
		})
	})
}

// TestOneAddressInOtherLettersIsOnePerson: however an address is typed, it is the same person, and shown the same way to
// everybody.
func TestOneAddressInOtherLettersIsOnePerson(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, fabrikam := s.Customer("Contoso"), s.Customer("Fabrikam")
		emailOf := func(c *testworld.Company, id string) any {
			return c.Admin.Do("query($id: ID!) { node(id: $id) { ... on Member { email } } }", vars{"id": id}).OK().At("node.email")
		}
		for n, c := range []struct{ first, then, shown string }{
			{"Ada@Example.com", "aDA@eXAMPLE.COM", "ada@example.com"},
			{"anna@BÜCHER.example", "Anna@xn--bcher-kva.example", "anna@bücher.example"},
			{"bea@XN--BCHER-KVA.example", "bea@bücher.example", "bea@bücher.example"},
			{"carl@ｂｏｏｋ.example", " carl@book.example ", "carl@book.example"},
		} {
			s.then(c.then, func(s scene) {
				one := s.adds(contoso.Admin, contoso.ID, newMember(10+n, in{"email": c.first}))
				s.is("shown where it was typed first", emailOf(contoso, one), c.shown)
				s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(20+n, in{"email": c.then})}}, "ALREADY_MEMBER at input.members.0.email")
				other := s.adds(fabrikam.Admin, fabrikam.ID, newMember(20+n, in{"email": c.then}))
				s.is("shown where it was typed then", emailOf(fabrikam, other), c.shown)
				s.is("people", len(s.read(fmt.Sprintf("SELECT DISTINCT user_id FROM members WHERE id IN ('%s','%s')", one, other))), 1)
			})
		}
	})
}
