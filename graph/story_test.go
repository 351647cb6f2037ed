package graph_test

import (
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

func TestSmoke(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p, c := w.NewPartner("Acme"), w.Customer("Contoso")
		a := p.Admin.Do(`mutation { inviteCustomer(input: {email: "contoso@example.com", message: "hi"}) { invitation { id status email role { key } viewerCanRevoke } userErrors { code message field } } }`, nil).OK()
		t.Log(a.Pretty())
		token := testworld.Token(w.Mails("contoso@example.com")[0])
		t.Log(w.Stranger().Do(`query($t: String!) { invitationByToken(token: $t) { partner { name code } role { name permissions { level feature { key } } } accountNeeded } }`, testworld.Vars{"t": token}).OK().Body)
		a = c.Admin.Do(`mutation($t: String!) { acceptInvitation(input: {token: $t}) { invitation { status } relationship { id status partner { name } customer { name } role { name } viewerCanTerminate } userErrors { code message field } } }`, testworld.Vars{"t": token}).OK()
		t.Log(a.Pretty())
		a = p.Admin.Do(`{ customers(first: 10) { totalCount nodes { id name status tags address { city } viewerPermissions { level feature { key } } relationship { role { name } staffCount viewerCanTerminate } members(first: 5) { totalCount nodes { name email role { name } permissions { level label feature { name } } user { email } } } auditEvents(first: 3) { nodes { action actor { name } target { id } changes { field after } } } } pageInfo { hasNextPage endCursor } } }`, nil).OK()
		t.Log(a.Pretty(), a.Statements)
	})
}
