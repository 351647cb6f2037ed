package testworld

import (
	"fmt"
	"maps"
	"slices"

	"mandate/ent/onetimetoken"
	"mandate/internal/auth"
)

// OpenMutations lists the mutations of which there are calls by strangers.
func (c *Calls) OpenMutations() []string { return slices.Sorted(maps.Keys(openMakers)) }

// MakeOpen makes a call by a stranger; it fails the test for a mutation of which it knows none.
func (c *Calls) MakeOpen(mutation string) Call {
	c.t.Helper()
	maker, known := openMakers[mutation]
	if !known {
		c.t.Fatalf("there is no call of %s by a stranger", mutation)
	}
	return Call{mutation, c.Stranger(), maker(corner{c, fmt.Sprint("n", c.next())})}
}

// lastToken is the one in the mail that went to an address last.
func (c corner) lastToken(email string) string {
	list := c.Mails(email)
	return Token(list[len(list)-1])
}

// newcomer is an address that has no account, and the token of a partner's invitation to it.
func (c corner) newcomer() (token string) {
	email := "newcomer." + c.name + "@example.com"
	c.partner().Admin.Do(`mutation($e: String!) { inviteCustomer(input: {email: $e}) { userErrors { code } } }`, Vars{"e": email}).OK()
	return c.lastToken(email)
}

// applies is what somebody enters who signs up with a customer that lets everybody in.
func (c corner) applies() input {
	cu := c.customer()
	cu.Admin.Do(`mutation($id: ID!) { updateTenant(input: {id: $id, signUpPolicy: VALIDATE_EMAIL}) { userErrors { code } } }`, Vars{"id": cu.ID}).OK()
	code := cu.Admin.Do(`query($id: ID!) { tenant(id: $id) { signUpCode } }`, Vars{"id": cu.ID}).OK().String("tenant.signUpCode")
	return input{"tenantCode": code, "firstName": "Nora", "lastName": "New", "email": "nora." + c.name + "@example.com", "phone": "+49 431 1234567"}
}

// openMakers make the calls that strangers send, by the name of the mutation.
var openMakers = map[string]func(corner) input{
	"signIn":               func(c corner) input { return input{"email": c.customer().Admin.Email, "password": Password} },
	"requestPasswordReset": func(c corner) input { return input{"email": c.customer().Admin.Email} },
	"resetPassword": func(c corner) input {
		token, hash := auth.NewToken()
		c.must(c.Write.OneTimeToken.Create().SetUserID(c.customer().Admin.ID).SetPurpose(onetimetoken.PurposeReset).SetHash(hash).
			SetExpiresAt(c.Now().AddDate(0, 0, 1)).Exec(c.System()))
		return input{"token": token, "newPassword": "quite another " + c.name}
	},
	"signUp": func(c corner) input { return c.applies() },
	"verifyEmail": func(c corner) input {
		in := c.applies()
		c.Stranger().Do(Call{Mutation: "signUp", Input: in}.Document("ok"), Vars{"in": in}).OK()
		return input{"token": c.lastToken(in["email"].(string)), "newPassword": Password}
	},
	"acceptInvitation": func(c corner) input {
		return input{"token": c.newcomer(), "newAccount": input{"tenantName": "New " + c.name, "firstName": "Nora", "lastName": "New", "password": Password}}
	},
	"declineInvitation": func(c corner) input { return input{"token": c.newcomer()} },
}
