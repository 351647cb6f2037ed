package oracle_test

import (
	"fmt"
	"testing"

	"mandate/internal/testdb"
)

func TestDebug(t *testing.T) {
	b := newBench(t, testdb.SQLite)
	for _, d := range []struct {
		seed, n int
		q       string
		ids     []string
	}{
		{7, 3, `{tenant(id:"ten_00000000000000000000001027"){relationships(first:5){nodes{id customerProfile{kind}}} viewerPermissions{level feature{key}}}}`, []string{"ten_00000000000000000000001027"}},
		{2, 3, `{nodes(ids:["ten_00000000000000000000001182","ten_00000000000000000000001152"]){...on Tenant{Tenant_relationships:relationships(first:3){nodes{id staffCount}}}}}`, []string{"rel_00000000000000000000001651"}},
		{2, 7, `{nodes(ids:["mem_00000000000000000000001449"]){...on Member{user{id} name Member_email:email}}}`, []string{"mem_00000000000000000000001449"}},
		{8, 9, `{tenant(id:"ten_00000000000000000000001046"){auditEvents(first:1){nodes{id changes{after}}}}}`, []string{"evt_00000000000000000000001858"}},
		{8, 10, `{nodes(ids:["mem_00000000000000000000001360"]){...on Member{Member_user:user{id}}}}`, []string{"mem_00000000000000000000001360"}},
	} {
		w := worldOf(d.seed, b.tw.Now())
		w.write(t, b.tw.DB.Write)
		v := w.principals()[d.n]
		o := newOracle(w, v)
		a, _ := ask(b.tw.API, v, d.q)
		fmt.Println(d.q, a.body)
		for _, id := range d.ids {
			for _, x := range w.tables["assignments"] {
				if x["relationship_id"] == id {
					fmt.Println("   ", x, w.counts(x), w.byID[x.s("grantee_id")].s("status"))
				}
			}
			fmt.Println(id, w.byID[id], w.byID[w.byID[id].s("target_id")], o.ways[id], o.ways[w.byID[id].s("tenant_id")])
		}
		if d.n == 3 && d.seed == 7 {
			for _, r := range w.tables["relationships"] {
				if r["partner_id"] == d.ids[0] || r["customer_id"] == d.ids[0] {
					fmt.Println(r, o.ways[r.s("partner_id")], o.levels[r.s("partner_id")], o.levels[r.s("customer_id")])
				}
			}
		}
	}
}
