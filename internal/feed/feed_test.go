package feed_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mandate/internal/feed"
)

func TestEventsAreReadInTheOrderOfTheirIDs(t *testing.T) {
	eachTrail(t, func(t *trail) {
		at := time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC)
		for n, id := range []string{"evt_01c", "evt_01a", "evt_01b"} {
			_, err := t.db.Write.Exec(`INSERT INTO audit_events (id, at, action, tenant_id, other_tenant_id, actor_tenant_id, relationship_id, target_id, target_ids)
				VALUES (?,?,?,?,?,?,?,?,?)`, id, at, "tested", "ten_1", []any{"ten_2", nil, nil}[n], []any{"ten_3", nil, nil}[n], []any{"rel_1", nil, nil}[n],
				[]any{"mem_1", "mem_1", nil}[n], []any{`["inv_1","mem_2","mem_1"]`, nil, nil}[n])
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := feed.After(t.Context(), t.db.Read, "evt_01a", 5)
		if err != nil {
			t.Fatal(err)
		}
		want := []feed.Event{
			{ID: "evt_01b", At: at, Action: "tested", TenantID: "ten_1"},
			{ID: "evt_01c", At: at, Action: "tested", TenantID: "ten_1", OtherTenantID: "ten_2", ActorTenantID: "ten_3", RelationshipID: "rel_1",
				Targets: []string{"inv_1", "mem_2", "mem_1"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(- want, + got):\n%s", diff)
		}
		for prefix, want := range map[string][]string{"mem": {"mem_2", "mem_1"}, "rel": nil, "inv": {"inv_1"}, "in": nil} {
			if diff := cmp.Diff(want, got[1].Rows(prefix)); diff != "" {
				t.Errorf("rows of %s (- want, + got):\n%s", prefix, diff)
			}
		}
		first, err := feed.After(t.Context(), t.db.Read, "", 1)
		if err != nil || len(first) != 1 || first[0].ID != "evt_01a" || !cmp.Equal(first[0].Targets, []string{"mem_1"}) {
			t.Errorf("the first event is %v (%v)", first, err)
		}
	})
}

func TestIDsAreInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	at := time.Now()
	id := idAt(at)
	if before, after := feed.IDAt(at), feed.IDAt(at.Add(time.Millisecond)); before > id || after <= id || len(before) != len(id) {
		t.Errorf("%s is not between %s and %s", id, before, after)
	}
	if got, err := feed.TimeOf(id); err != nil || !got.Equal(at.Truncate(time.Millisecond)) {
		t.Errorf("%s was made at %v (%v), want %v", id, got, err, at)
	}
	for _, other := range []string{"", "evt_", "evt_1", "mem_" + id[4:], id + "0", id[:29] + "u", id[4:]} {
		if got, err := feed.TimeOf(other); err == nil {
			t.Errorf("%q was made at %v", other, got)
		}
	}
}
