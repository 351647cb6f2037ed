package graph_test

import (
	"testing"
	"time"

	"mandate/internal/testdb"
)

// TestTheClockTakesAccess: what has an end is over at that moment, on every server, though nobody records it.
func TestTheClockTakesAccess(t *testing.T) {
	t.Parallel()
	const soon = 20 * time.Minute
	for _, x := range []taking{
		{what: "the relationship ends", take: func(s *servers) {
			s.takes("contoso", "narrowRelationship", in{"id": s.bond.ID, "endsAt": s.Now().Add(soon)})
		}, gone: outsiders + ", " + entered},
		{what: "the assignment of one of the partner's people ends", take: func(s *servers) {
			s.takes("acme", "extendAssignment", in{"id": s.staffs.ID, "accessPeriod": in{"endsAt": s.Now().Add(soon)}})
		}, gone: "staff, staff entered"},
		{what: "the assignment of the tech partner ends", take: func(s *servers) {
			s.takes("acme", "extendAssignment", in{"id": s.nordics.ID, "accessPeriod": in{"endsAt": s.Now().Add(soon)}})
		}, gone: "nordic, fitter, fitter entered"},
		{what: "the assignment of one of the tech partner's people ends", take: func(s *servers) {
			s.takes("nordic", "extendAssignment", in{"id": s.fitters.ID, "accessPeriod": in{"endsAt": s.Now().Add(soon)}})
		}, gone: "fitter, fitter entered"},
		{what: "a delegation ends", take: func(s *servers) {
			s.takes("acme", "assign", in{"granteeId": s.memberOf("helper", s.acme), "tenantId": s.nordic.ID, "roleKey": "ADMINISTRATOR", "accessPeriod": in{"endsAt": s.Now().Add(soon)}})
		}, gone: "helper, helper entered"},
		{what: "the delegation of a group ends", take: func(s *servers) {
			s.takes("acme", "assign", in{"granteeId": s.watch, "tenantId": s.nordic.ID, "roleKey": "ADMINISTRATOR", "accessPeriod": in{"endsAt": s.Now().Add(soon)}})
		}, gone: "night"},
	} {
		t.Run(x.what, func(t *testing.T) {
			t.Parallel()
			testdb.Each(t, func(t *testing.T, url string) {
				s := openServers(t, url)
				x.take(s)
				s.Later(soon - time.Second)
				s.reads(x.before(s))
				s.Later(time.Second)
				s.holds(x.tells(s))
			})
		})
	}
}

// TestAnInstallersDays: an installer comes at the moment that was said, and is gone on the eighth day.
func TestAnInstallersDays(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		s := openServers(t, url)
		const day = 24 * time.Hour
		here := taking{ended: entered + ", helper entered"} // entered sessions last an hour
		away := taking{ended: here.ended, gone: "reset"}
		s.Later(7*day - time.Second)
		s.holds(here.tells(s))
		s.Later(time.Second)
		s.holds(away.tells(s))

		s.takes("acme", "setAssignedCustomers", in{"partnerId": s.reset.Partner.ID, "assign": []string{s.contoso.ID},
			"accessPeriod": in{"startsAt": s.Now().Add(2 * day), "endsAt": s.Now().Add(3 * day)}})
		s.holds(away.tells(s))
		s.Later(2*day - time.Second)
		s.holds(away.tells(s))
		s.Later(time.Second)
		s.holds(here.tells(s))
		s.Later(day - time.Second)
		s.holds(here.tells(s))
		s.Later(time.Second)
		s.holds(away.tells(s))
		s.sees(s.read("SELECT status FROM assignments WHERE open_key IS NOT NULL AND grantee_id='"+s.reset.Partner.ID+"'"), "ACTIVE") // no worker ran
	})
}
