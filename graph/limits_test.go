package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"mandate/internal/testdb"
	"mandate/internal/testworld"
)

// repeat writes f for 0 to n-1, one after the other.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// nested puts n levels of a field around what is innermost.
func nested(n int, field, innermost string) string {
	return strings.Repeat(field+" { ", n) + innermost + strings.Repeat(" }", n)
}

// A document is held against its limits before anything else is done with it.
func TestADocumentHasLimits(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, url string) {
		w := testworld.New(t, url)
		p := w.NewPartner("Acme").Admin
		hop := "tenant { members(first: 1) { nodes { " // three levels
		deep := func(n int) string {
			return `{ customers(first: 1) { nodes { members(first: 1) { nodes { ` + strings.Repeat(hop, n) + "%s" + strings.Repeat(" } } }", n) + " } } } } }"
		}
		both := " @include(if: true) @skip(if: false) "
		directed := strings.Repeat("key"+both+"name"+both+"kind"+both+"retired"+both, 2) + "levels" + both + "{ level" + both + "} "
		for name, limit := range map[string]struct{ within, beyond string }{
			"16 KiB":         {"{ features { key } }" + strings.Repeat(" ", 16<<10-20), "{ features { key } }" + strings.Repeat(" ", 16<<10-19)},
			"1,000 tokens":   {"{ features { key } }" + strings.Repeat("#\n", 994), "{ features { key } }" + strings.Repeat("#\n", 995)},
			"12 levels":      {fmt.Sprintf(deep(2), "tenant { id }"), fmt.Sprintf(deep(2), "tenant { partner { id } }")},
			"12 by fragment": {fmt.Sprintf(deep(2), "...f") + "fragment f on Member { tenant { id } }", fmt.Sprintf(deep(2), "...f") + "fragment f on Member { tenant { partner { id } } }"},
			"20 into the schema": {
				`{ __type(name: "Query") { fields { type { ` + nested(16, "ofType", "kind") + " } } } }",
				`{ __type(name: "Query") { fields { type { ` + nested(17, "ofType", "kind") + " } } } }",
			},
			"15 aliases":     {"{ features { " + repeat(15, "a#: key ") + "} }", "{ features { " + repeat(16, "a#: key ") + "} }"},
			"64 letters":     {"{ features { " + strings.Repeat("a", 64) + ": key } }", "{ features { " + strings.Repeat("a", 65) + ": key } }"},
			"aliases in all": {"{ features { " + repeat(15, "a#: key ") + "...f } } fragment f on Feature { key }", "{ features { " + repeat(15, "a#: key ") + "...f } } fragment f on Feature { x: key }"},
			"10 root fields": {"{ " + repeat(10, "a#: features { key } ") + "}", "{ " + repeat(11, "a#: features { key } ") + "}"},
			"root fields in fragments": {
				"{ ...f ... { " + repeat(5, "a#: features { key } ") + "} } fragment f on Query { " + repeat(5, "b#: features { key } ") + "}",
				"{ ...f ... { " + repeat(5, "a#: features { key } ") + "} } fragment f on Query { " + repeat(6, "b#: features { key } ") + "}",
			},
			"20 directives": {"{ features { " + directed + "} }", "{ features { " + directed + "__typename @skip(if: false) } }"},
			"10 operations": {"{ features { key } }", repeat(11, "query q# { features { key } } ")},
			"50 fragments":  {"{ features { " + repeat(50, "...f# ") + "} }" + repeat(50, "fragment f# on Feature { key } "), "{ features { " + repeat(51, "...f# ") + "} }" + repeat(51, "fragment f# on Feature { key } ")},
			"15 duplicates": {"{ features { " + strings.Repeat("key ", 16) + "} }", "{ features { " + strings.Repeat("key ", 17) + "} }"},
			"spreads, too":  {"{ features { " + strings.Repeat("...f ", 16) + "} } fragment f on Feature { key }", "{ features { " + strings.Repeat("...f ", 17) + "} } fragment f on Feature { key }"},
		} {
			t.Run(name, func(t *testing.T) {
				p.Do(limit.within, nil).OK()
				a := p.Do(limit.beyond, nil)
				expectRefusal(t, a, "QUERY_TOO_COMPLEX")
				if a.Statements > 0 {
					t.Errorf("%d statements for what is refused", a.Statements)
				}
			})
		}
	})
}
