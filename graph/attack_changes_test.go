package graph_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"mandate/internal/testworld"
)

// TestT16AnEventTellsOnlySoMuch: of a request that changes more, the event tells 128 KiB, and how many changes it leaves out,
// in the API and in exports.
func TestT16AnEventTellsOnlySoMuch(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		var members []in
		const people, bytes = 100, 128 << 10
		for n := range people {
			m := s.Staff(contoso, fmt.Sprintf("m%d", n), testworld.Nothing).Member(contoso.Tenant)
			members = append(members, in{"id": m.ID, "label": strings.Repeat("𐐀", 200), "firstName": strings.Repeat("𐐀", 100), "lastName": strings.Repeat("𐐀", 100)})
		}
		s.does(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": members})
		a := contoso.Admin.Do(`query($id: ID!) { tenant(id: $id) { auditEvents(first: 1) { nodes { changes { field before after } } } } }`, vars{"id": contoso.ID}).OK()
		list := a.At("tenant.auditEvents.nodes.0.changes").([]any)
		size := 0
		for _, c := range list[:len(list)-1] {
			for _, v := range c.(map[string]any) {
				text, _ := v.(string)
				size += len(text)
			}
		}
		if size > bytes || size < bytes-2000 {
			t.Errorf("the event tells %d bytes", size)
		}
		last := list[len(list)-1].(map[string]any)
		missing, _ := strings.CutSuffix(fmt.Sprint(last["after"]), " more")
		n, err := strconv.Atoi(missing)
		s.must(err)
		s.is("the last change", []any{last["field"], last["before"]}, []any{"…", nil})
		s.is("changes", len(list)-1+n, 3*people)
		s.Later(time.Second) // an export ends before the moment it began
		exported := s.exports(contoso.Admin, contoso.ID, "format=ndjson&action=member.updated").lines(s)[0]["changes"].([]any)
		s.is("exported", exported, list)
	})
}
