package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/testworld"
)

// powerful are the fields that give power, or say whose or in what state something is, with the inputs of mutations that have
// them. No other input has one.
var powerful = map[string]string{
	"administrator": "ApproveAccessRequestsInput ChangeRoleInput MemberChangeInput NewMemberInput",
	"roleId": "ApproveAccessRequestsInput AcceptInvitationInput AssignInput ChangeRoleInput CreatePrivilegeGroupInput InvitePartnerInput MemberChangeInput " +
		"NarrowRelationshipInput NewMemberInput SetAssignedCustomersInput UpdatePrivilegeGroupInput WidenRelationshipInput",
	"permissions":  "ApproveAccessRequestsInput CreateRoleInput MemberChangeInput NewMemberInput UpdateRoleInput",
	"scopes":       "CreateApiTokenInput",
	"status":       "SetMemberStatusInput SiteInput UpdateWebhookInput",
	"recognized":   "RecognizePartnerInput RegisterPartnerInput",
	"signUpPolicy": "UpdateTenantInput",
	"email":        "InviteCustomerInput NewMemberInput RequestPasswordResetInput SignInInput SignUpInput UpdateTenantInput",
	"newEmail":     "ChangeEmailInput",
	"password":     "NewAccountInput ReauthenticateInput SignInInput",
	"newPassword":  "ChangePasswordInput ResetPasswordInput VerifyEmailInput",
	"guest":        "NewMemberInput",
	"allSites":     "MemberChangeInput NewMemberInput",
	"type":         "CreateTechPartnerInput RegisterPartnerInput",
	"managerId":    "CreateTechPartnerInput",
	"partnerId":    "CreateCustomerInput InviteCustomerInput RotateInviteLinkInput SetAssignedCustomersInput",
	"inviteLink":   "InvitePartnerInput",
	"kind":         "", "ownerId": "", "owner": "", "granterId": "", "customerId": "", "relationshipId": "", "memberOf": "", "passwordHash": "", "tokenHash": "", "hash": "",
	"emailCanonical": "", "emailVerifiedAt": "", "createdAt": "", "updatedAt": "", "deletedAt": "", "lastSignedInAt": "", "authenticatedAt": "", "enteredTenantId": "",
	"signUpCode": "", "linkKey": "", "serviceActivatedAt": "", "suspendedBy": "", "activeCustomerId": "", "addRoleIds": "", "addRoleIDs": "", "tenantID": "",
	"expiresAt": "", "revokedAt": "", "decidedBy": "", "actorId": "", "onBehalfOf": "", "sendCount": "", "undeliverable": "",
}

// inputsOf lists the inputs of mutations.
func inputsOf() (list []*ast.Definition) {
	var add func(d *ast.Definition)
	add = func(d *ast.Definition) {
		if d.Kind != ast.InputObject || slices.Contains(list, d) {
			return
		}
		list = append(list, d)
		for _, f := range d.Fields {
			add(api().Types[f.Type.Name()])
		}
	}
	for _, f := range api().Mutation.Fields {
		for _, a := range f.Arguments {
			add(api().Types[a.Type.Name()])
		}
	}
	return list
}

// TestT05InputsHaveNoMoreThanTheyShould: power is asked for where the schema says so and nowhere else, and what it does not list
// is refused, wherever it stands in an input that is right otherwise, and whoever sends it.
func TestT05InputsHaveNoMoreThanTheyShould(t *testing.T) {
	for field, want := range powerful {
		var got []string
		for _, d := range inputsOf() {
			if d.Fields.ForName(field) != nil {
				got = append(got, d.Name)
			}
		}
		listed := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(listed)
		if diff := cmp.Diff(strings.Join(listed, " "), strings.Join(got, " ")); diff != "" {
			t.Errorf("inputs with %s (- listed, + schema):\n%s", field, diff)
		}
	}
	eachScene(t, func(s scene) {
		calls := s.Calls()
		everybody := s.casts(calls.Make("upsertFeature").By).attackers
		var made []testworld.Call
		for _, mutation := range calls.Mutations() {
			if call := calls.Make(mutation); call.Input != nil {
				made = append(made, call)
			}
		}
		before := s.rows()
		for _, call := range made {
			takes := api().Types[api().Mutation.Fields.ForName(call.Mutation).Arguments[0].Type.Name()]
			for field := range powerful {
				for _, input := range smuggled(takes, call.Input, field) {
					s.refusesField(call, call.By, input)
				}
			}
			for _, p := range everybody {
				s.refusesField(call, p, smuggled(takes, call.Input, "ownerId")[0])
			}
		}
		s.unchanged(before, "a field that there is not")
	})
}

// refusesField checks that an input with a field that there is not is refused as such, in a variable and in the document.
func (s scene) refusesField(call testworld.Call, by *testworld.Person, input in) {
	s.Helper()
	for _, a := range []*testworld.Answer{by.Do(call.Document("__typename"), testworld.Vars{"in": input}),
		by.Do("mutation { "+call.Mutation+"(input: "+literal(input)+") { __typename } }", nil)} {
		if errs := a.Errors(); len(errs) == 0 || !strings.HasPrefix(errs[0], "GRAPHQL_VALIDATION_FAILED") {
			s.Errorf("%s takes %v: %s", call.Mutation, input, a.Body)
		}
	}
}

// smuggled are copies of an input with a field more, at every place where it is none of the schema's.
func smuggled(d *ast.Definition, input in, field string) (list []in) {
	if d.Fields.ForName(field) == nil {
		more := clone(input)
		more[field] = "ten_" + strings.Repeat("z", 26)
		list = append(list, more)
	}
	for name, value := range clone(input) {
		below := api().Types[d.Fields.ForName(name).Type.Name()]
		if below.Kind != ast.InputObject {
			continue
		}
		rows, many := value.([]any)
		if !many {
			rows = []any{value}
		}
		for _, row := range smuggled(below, rows[0].(in), field) {
			more := clone(input)
			if more[name] = any(row); many {
				more[name] = []any{row}
			}
			list = append(list, more)
		}
	}
	return list
}

// clone copies an input as a client sends it.
func clone(input in) (other in) {
	of, _ := json.Marshal(input)
	_ = json.Unmarshal(of, &other)
	return other
}

// literal writes a value as it stands in a document. Strings in capitals are taken for values of enums.
func literal(v any) string {
	var parts []string
	switch v := v.(type) {
	case in:
		for name, value := range v {
			parts = append(parts, name+": "+literal(value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, value := range v {
			parts = append(parts, literal(value))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		if v != "" && strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
			return v
		}
		return fmt.Sprintf("%q", v)
	}
	text, _ := json.Marshal(v)
	return string(text)
}
