package graph_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"mandate/ent/relationship"
	"mandate/internal/testworld"
)

func TestProfilesThatCannotBeChanged(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso, operator := s.Customer("Contoso"), s.Operator()
		many := make([]string, 21)
		for i := range many {
			many[i] = fmt.Sprint("t", i)
		}
		for _, c := range []struct {
			outcome string
			changed in
			rules   []string
		}{
			{"no name", in{"name": " "}, []string{"REQUIRED at input.name"}},
			{"a name that is too long", in{"name": strings.Repeat("n", 201)}, []string{"TOO_LONG at input.name"}},
			{"a name of ten thousand", in{"name": strings.Repeat("n", 10000)}, []string{"TOO_LONG at input.name"}},
			{"a name that is too long once folded", in{"name": strings.Repeat("ﷺ", 200)}, []string{"TOO_LONG at input.name"}},
			{"a name that turns others around", in{"name": "Con\u202etoso"}, []string{"INVALID at input.name"}},
			{"a name that is a link", in{"name": "https://contoso.example"}, []string{"INVALID at input.name"}},
			{"an address that is none", in{"email": "nowhere"}, []string{"INVALID at input.email"}},
			{"an address with a letter that looks alike", in{"email": "c\u043entoso@example.com"}, []string{"INVALID at input.email"}},
			{"an address that is too long", in{"email": strings.Repeat("a", 320) + "@example.com"}, []string{"TOO_LONG at input.email"}},
			{"an account number that is too long", in{"accountNumber": strings.Repeat("1", 61)}, []string{"TOO_LONG at input.accountNumber"}},
			{"an account number that nobody can read", in{"accountNumber": "C\u200b1"}, []string{"INVALID at input.accountNumber"}},
			{"a street that is too long", in{"address": in{"street": strings.Repeat("s", 201)}}, []string{"TOO_LONG at input.address.street"}},
			{"a country that is none", in{"address": in{"country": "Germany"}}, []string{"INVALID at input.address.country"}},
			{"21 tags", in{"tags": many}, []string{"TOO_MANY_TAGS at input.tags"}},
			{"a tag that begins with a digit", in{"tags": []string{"ok", "1st"}}, []string{"INVALID_TAG at input.tags.1"}},
			{"a tag that is too long", in{"tags": []string{strings.Repeat("t", 61)}}, []string{"INVALID_TAG at input.tags.0"}},
			{"a tag with a blank", in{"tags": []string{"a b"}}, []string{"INVALID_TAG at input.tags.0"}},
			{"a version that is over", in{"name": "New", "version": 0}, []string{"STALE_VERSION at input.version"}},
			{"all of it, at once", in{"name": "", "email": "x", "accountNumber": strings.Repeat("1", 61), "tags": []string{""}, "address": in{"city": strings.Repeat("c", 101)}},
				[]string{"REQUIRED at input.name", "INVALID at input.email", "TOO_LONG at input.accountNumber", "INVALID_TAG at input.tags.0", "TOO_LONG at input.address.city"}},
		} {
			s.then(c.outcome, func(s scene) {
				input := in{"id": contoso.ID, "accountNumber": "C-1"} // not written either
				maps.Copy(input, c.changed)
				s.refused(contoso.Admin, "updateTenant", input, c.rules...)
			})
		}
		s.then("sixty characters and twenty tags fit, with every sign that a tag can have", func(s scene) {
			tags := append(many[:18:18], strings.Repeat("t", 60), "a-#:.$*_9")
			s.does(contoso.Admin, "updateTenant", in{"id": contoso.ID, "name": strings.Repeat("n", 200), "accountNumber": strings.Repeat("1", 60), "tags": tags})
		})
		s.then("nobody signs up with the operator", func(s scene) {
			for _, policy := range []string{"VALIDATE_EMAIL", "VALIDATE_AND_APPROVE"} {
				s.refused(operator.Admin, "updateTenant", in{"id": operator.ID, "name": "New", "signUpPolicy": policy}, "INVALID at input.signUpPolicy")
			}
			s.does(operator.Admin, "updateTenant", in{"id": operator.ID, "name": "Central", "signUpPolicy": "CLOSED"})
		})
		s.then("whoever may not is told nothing of what is wrong", func(s scene) {
			input := in{"id": contoso.ID, "name": "", "version": 0, "signUpPolicy": "VALIDATE_EMAIL"}
			s.forbidden(s.Staff(contoso, "reader", testworld.Role("READ_ONLY")), "updateTenant", input)
			for _, p := range []*testworld.Person{s.Customer("Fabrikam").Admin, s.NewPartner("Acme").Admin} {
				s.refused(p, "updateTenant", input, "NOT_FOUND at input.id")
			}
			s.sees(s.asks(s.Stranger(), "updateTenant", input).Errors(), "UNAUTHENTICATED at updateTenant")
			for _, id := range []string{"", "ten_x", "ｔen_x", strings.Repeat("x", 10000), contoso.Admin.ID, "ten_00000000000000000000000000"} {
				s.refused(contoso.Admin, "updateTenant", in{"id": id, "name": "New"}, "NOT_FOUND at input.id")
			}
		})
	})
}

// TestWhoCannotCloseATenant: suspending, reactivating and deleting are for the operator's people, for administrators of the
// partner of record by their relationship, and the last for the tenant's own administrators.
func TestWhoCannotCloseATenant(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, blue, operator := s.NewPartner("Acme"), s.NewPartner("Blue"), s.Operator()
		ofRecord, limited, designated := s.Customer("Contoso"), s.Customer("Limited"), s.Customer("Designated")
		s.Connect(acme, ofRecord, "PRIME_ADMIN", relationship.KindPartnerOfRecord)
		s.Connect(acme, limited, "READ_ONLY", relationship.KindPartnerOfRecord)
		s.Connect(blue, designated, "PRIME_ADMIN", relationship.KindCustomerDesignated)
		helper, desk := s.Staff(acme, "helper", testworld.Role("PRIME_ADMIN")), s.Staff(operator, "desk", testworld.Role("READ_ONLY"))
		s.Assign(acme, ofRecord, helper, "PRIME_ADMIN")
		all := []string{"suspendTenant", "reactivateTenant", "deleteTenant"}

		s.then("who reaches it in another way, or with less", func(s scene) {
			for _, mutation := range all {
				input := in{"id": ofRecord.ID, "reason": "Why not."}
				if mutation == "reactivateTenant" {
					delete(input, "reason")
				}
				for _, p := range []*testworld.Person{
					s.Staff(ofRecord, "prime "+mutation, testworld.Role("PRIME_ADMIN")), // everything, and no administrator
					helper, desk,
					operator.Admin.Entered(ofRecord.ID), acme.Admin.Entered(ofRecord.ID), // not in a session of their own
				} {
					s.forbidden(p, mutation, input)
				}
				s.forbidden(blue.Admin, mutation, in{"id": designated.ID}) // never a designated partner
				s.forbidden(acme.Admin, mutation, in{"id": limited.ID})
				s.forbidden(s.Staff(acme, "prime of the partner "+mutation, testworld.Role("PRIME_ADMIN")), mutation, in{"id": acme.ID})
			}
			for _, mutation := range all[:2] {
				s.forbidden(ofRecord.Admin, mutation, in{"id": ofRecord.ID})
				s.forbidden(acme.Admin, mutation, in{"id": acme.ID})
			}
		})
		s.then("a path that will do, and another one with the level, are not one", func(s scene) {
			// Reaches Limited as its partner of record with VIEW, and with MANAGE as one of its own.
			both := s.Staff(acme, "both", testworld.Administrator).Join(limited.Tenant, testworld.Role("PRIME_ADMIN"))
			for _, mutation := range all {
				s.forbidden(both, mutation, in{"id": limited.ID})
			}
		})
		s.then("who does not see it", func(s scene) {
			for _, mutation := range all {
				for _, p := range []*testworld.Person{blue.Admin, designated.Admin, s.Staff(acme, "porter "+mutation, testworld.Nothing)} {
					s.refused(p, mutation, in{"id": ofRecord.ID}, "NOT_FOUND at input.id")
				}
				s.refused(operator.Admin, mutation, in{"id": "ten_x"}, "NOT_FOUND at input.id")
				s.sees(s.asks(s.Stranger(), mutation, in{"id": ofRecord.ID}).Errors(), "UNAUTHENTICATED at "+mutation)
			}
		})
		s.then("the operator's own tenant stays", func(s scene) {
			for _, mutation := range all {
				s.refused(operator.Admin, mutation, in{"id": operator.ID}, "INVALID at input.id")
				s.forbidden(desk, mutation, in{"id": operator.ID})
				s.refused(acme.Admin, mutation, in{"id": operator.ID}, "NOT_FOUND at input.id")
			}
		})
		s.then("what is so already", func(s scene) {
			s.refused(operator.Admin, "reactivateTenant", in{"id": ofRecord.ID}, "CONFLICT at input.id")
			s.does(acme.Admin, "suspendTenant", in{"id": ofRecord.ID})
			s.refused(operator.Admin, "suspendTenant", in{"id": ofRecord.ID}, "CONFLICT at input.id")
			s.refused(ofRecord.Admin, "deleteTenant", in{"id": ofRecord.ID}, "NOT_FOUND at input.id")
			s.refused(helper, "reactivateTenant", in{"id": ofRecord.ID}, "NOT_FOUND at input.id")
			s.does(acme.Admin, "reactivateTenant", in{"id": ofRecord.ID})
		})
		s.then("a reason that cannot be kept", func(s scene) {
			for _, mutation := range []string{"suspendTenant", "deleteTenant"} {
				s.refused(operator.Admin, mutation, in{"id": ofRecord.ID, "reason": strings.Repeat("r", 501)}, "TOO_LONG at input.reason")
				s.refused(operator.Admin, mutation, in{"id": ofRecord.ID, "reason": "a\u202eb"}, "INVALID at input.reason")
			}
		})
		s.then("while the relationship is suspended, its partner of record does not reach it", func(s scene) {
			s.must(s.Write.Relationship.Update().Where(relationship.CustomerID(ofRecord.ID)).SetStatus("SUSPENDED").SetSuspendedByOperator(true).Exec(s.System()))
			for _, mutation := range all {
				s.refused(acme.Admin, mutation, in{"id": ofRecord.ID}, "NOT_FOUND at input.id")
			}
		})
	})
}

func TestTenantsThatCannotBeDeleted(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso, operator := s.NewPartner("Acme"), s.Customer("Contoso"), s.Operator()
		subscribe := func(id string, active bool, endsAt *time.Time) {
			s.must(s.Write.ServiceSubscription.Create().SetTenantID(contoso.ID).SetExternalID(id).SetName(id).SetActive(active).SetNillableEndsAt(endsAt).Exec(s.System()))
		}
		soon, now := s.Now().Add(time.Hour), s.Now()
		subscribe("open", true, nil)
		subscribe("soon over", true, &soon)
		subscribe("over", true, &now)
		subscribe("off", false, nil)

		s.then("with subscriptions that run, by anybody, and it is told how many do", func(s scene) {
			for _, p := range []*testworld.Person{contoso.Admin, operator.Admin} {
				a := s.refused(p, "deleteTenant", in{"id": contoso.ID}, "TENANT_HAS_ACTIVE_SUBSCRIPTIONS at input.id")
				s.is("message", a.At("deleteTenant.userErrors.0.message"), "Active subscriptions: 2. The tenant can be deleted once they have ended.")
			}
			s.Later(time.Hour)
			a := s.refused(contoso.Admin, "deleteTenant", in{"id": contoso.ID}, "TENANT_HAS_ACTIVE_SUBSCRIPTIONS at input.id")
			s.is("message", a.At("deleteTenant.userErrors.0.message"), "Active subscriptions: 1. The tenant can be deleted once they have ended.")
			s.must(s.Write.ServiceSubscription.Update().SetActive(false).Exec(s.System()))
			s.does(contoso.Admin, "deleteTenant", in{"id": contoso.ID})
		})
		s.then("a partner with more than a hundred customers", func(s scene) {
			var last *testworld.Company
			for i := range 101 {
				last = &testworld.Company{Tenant: s.Tenant("CUSTOMER", fmt.Sprint("Customer ", i))}
				s.Manages(acme, last)
			}
			for _, p := range []*testworld.Person{acme.Admin, operator.Admin} {
				s.refused(p, "deleteTenant", in{"id": acme.ID}, "LIMIT_EXCEEDED at input.id")
			}
			one := s.Read.Relationship.Query().Where(relationship.CustomerID(last.ID)).OnlyX(s.System())
			s.does(acme.Admin, "terminateRelationship", in{"id": one.ID})
			s.does(acme.Admin, "deleteTenant", in{"id": acme.ID})
			s.is("left", s.read("SELECT COUNT(*) FROM relationships WHERE active_customer_id IS NOT NULL"), []string{"0"})
		})
	})
}
