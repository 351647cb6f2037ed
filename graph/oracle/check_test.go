package oracle_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"time"

	"mandate/internal/viewer"
)

// answer is what the API answered.
type answer struct {
	body   string
	Data   map[string]any
	Errors []struct {
		Path       []any
		Extensions map[string]any
	}
	Extensions struct{ Cost struct{ Requested int } }
}

// endless is a moment that is never long ago: nobody has to enter a password again.
var endless = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// ask asks the API as a principal.
func ask(api http.Handler, v who, query string) (*answer, error) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, err
	}
	ctx := viewer.With(httptest.NewRequest(http.MethodPost, "/", nil).Context(), viewer.Viewer{UserID: v.user, Email: v.email, SessionID: v.session,
		EnteredTenantID: v.entered, Token: v.token, AuthenticatedAt: endless, RequestID: "req"})
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body)).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	api.ServeHTTP(rec, r)
	a := &answer{body: rec.Body.String()}
	return a, json.Unmarshal(rec.Body.Bytes(), a)
}

// bytes are the answer byte for byte, with its errors in order: siblings are answered at the same time, and whichever fails first
// is told first.
func (a *answer) bytes() string {
	var raw struct {
		Errors     []json.RawMessage
		Data       json.RawMessage
		Extensions json.RawMessage
	}
	if err := json.Unmarshal([]byte(a.body), &raw); err != nil {
		return a.body
	}
	slices.SortFunc(raw.Errors, func(x, y json.RawMessage) int { return bytes.Compare(x, y) })
	return fmt.Sprintf("%s%s%s", raw.Errors, raw.Data, raw.Extensions)
}

// check holds one answer against the oracle.
type check struct {
	*oracle
	past     cursors
	faults   []string
	errors   map[string]bool // that have to be there, or may be, by "CODE at path"
	answered map[string]bool // errors of the answer
}

func (c *check) fault(path, format string, args ...any) {
	c.faults = append(c.faults, path+": "+fmt.Sprintf(format, args...))
}

// holds compares an answer to a query with what the oracle says; it returns what differs.
func (o *oracle) holds(q *selection, a *answer, past cursors) []string {
	c := &check{oracle: o, past: past, errors: make(map[string]bool), answered: make(map[string]bool)}
	if len(a.Errors) == 1 && a.Errors[0].Extensions["code"] == "QUERY_TOO_COMPLEX" && a.Data == nil {
		return nil
	}
	for _, e := range a.Errors {
		var path []string
		for _, step := range e.Path {
			path = append(path, fmt.Sprint(step))
		}
		c.answered[fmt.Sprint(e.Extensions["code"], " at ", strings.Join(path, "."))] = true
	}
	var got any
	if a.Data != nil {
		got = a.Data[q.name]
	}
	c.value(q, got, o.root(q.name, q.plainArgs()), q.name)
	for at := range c.answered {
		if _, expected := c.errors[at]; !expected {
			c.fault("errors", "unexpected %s", at)
		}
		delete(c.errors, at)
	}
	for at, needed := range c.errors {
		if needed {
			c.fault("errors", "missing %s", at)
		}
	}
	c.rest(q, a)
	return c.faults
}

// rest reads what of an answer is no value that was asked for: errors with their extensions, extensions, fields that nobody selected.
func (c *check) rest(q *selection, a *answer) {
	parts := make(map[string]json.RawMessage)
	if err := json.Unmarshal([]byte(a.body), &parts); err != nil {
		c.fault("body", "%v", err)
	}
	delete(parts, "data")
	for name, part := range parts {
		for _, word := range canaries(string(part)) {
			c.fault(name, "%s is in it", word)
		}
	}
	for name := range a.Data {
		if name != q.name {
			c.fault(name, "nobody asked for it")
		}
	}
}

func (c *check) value(s *selection, got any, want outcome, path string) {
	switch {
	case want.code != "":
		c.errors[want.code+" at "+path] = true
		if got != nil {
			c.fault(path, "%v is shown to whom it is %s", got, want.code)
		}
	case want.unknown:
		text, _ := json.Marshal(got)
		for _, word := range canaries(string(text)) {
			c.fault(path, "%s is shown where nothing like it belongs", word)
		}
	case got == nil && want.nullable:
		c.errors[cmp.Or(want.perhaps, "FORBIDDEN")+" at "+path] = false
	default:
		c.compare(s, got, want, path)
	}
}

func (c *check) compare(s *selection, got any, want outcome, path string) {
	switch v := want.value.(type) {
	case outcome:
		c.value(s, got, v, path)
	case object:
		fields, ok := got.(map[string]any)
		if !ok {
			c.fault(path, "%v; want %s %s", got, v.kind, v.row.s("id"))
			return
		}
		c.object(s.kids, fields, v, path)
		c.unasked(s, fields, path)
	case *listing:
		fields, ok := got.(map[string]any)
		if !ok {
			c.fault(path, "%v; want a list", got)
			return
		}
		c.page(s, fields, v, path)
		c.unasked(s, fields, path)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(v) {
			c.fault(path, "%v; want %d", got, len(v))
			return
		}
		if want.unordered {
			c.unordered(s, list, v, path)
			return
		}
		for i := range v {
			c.value(s, list[i], known(v[i]), fmt.Sprint(path, ".", i))
		}
	default:
		if !reflect.DeepEqual(got, want.value) {
			c.fault(path, "%v; want %v", got, want.value)
		}
	}
}

// unasked looks for fields that nobody selected.
func (c *check) unasked(s *selection, got map[string]any, path string) {
	asked := make(map[string]bool)
	for _, k := range s.kids {
		asked[k.key()] = true
		for _, below := range k.kids {
			asked[below.key()] = asked[below.key()] || k.on != ""
		}
	}
	for name := range got {
		if !asked[name] {
			c.fault(path, "nobody asked for %s", name)
		}
	}
}

// unordered finds for everything that was answered something of what was to be expected.
func (c *check) unordered(s *selection, got, want []any, path string) {
	left := slices.Clone(want)
	for i, g := range got {
		var try *check
		at := slices.IndexFunc(left, func(w any) bool {
			try = &check{oracle: c.oracle, past: maps.Clone(c.past), errors: make(map[string]bool), answered: c.answered}
			try.value(s, g, known(w), fmt.Sprint(path, ".", i))
			for at, needed := range try.errors {
				if needed && !c.answered[at] {
					return false
				}
			}
			return len(try.faults) == 0
		})
		if at < 0 {
			c.fault(fmt.Sprint(path, ".", i), "%v is none of those that are left", g)
			return
		}
		maps.Copy(c.errors, try.errors)
		left = slices.Delete(left, at, at+1)
	}
}

func (c *check) object(kids []*selection, got map[string]any, x object, path string) {
	for _, k := range kids {
		if k.on != "" {
			if k.on == x.kind {
				c.object(k.kids, got, x, path)
			}
			continue
		}
		v, there := got[k.key()]
		if !there {
			c.fault(path, "%s is not answered", k.key())
			continue
		}
		want := c.field(x, k.name, k.plainArgs())
		if v != nil && !want.unknown {
			c.met[x.kind+"."+k.name] = true
		}
		c.value(k, v, want, path+"."+k.key())
	}
}

// page compares a page of a list.
func (c *check) page(s *selection, got map[string]any, l *listing, path string) {
	from, to, backward := c.window(s, l)
	var more bool
	size, _ := s.args["first"].(int)
	if backward {
		size, _ = s.args["last"].(int)
		from = max(from, to-size)
		more = from > 0
	} else {
		more = to-from > size
		to = min(to, from+size)
	}
	_, after := s.args["after"]
	_, before := s.args["before"]
	for _, k := range s.kids {
		v := got[k.name]
		switch k.name {
		case "nodes":
			c.value(k, v, known(append([]any{}, l.rows[from:to]...)), path+".nodes")
		case "edges":
			c.edges(k, v, l, from, to, path+".edges", s.list)
		case "totalCount":
			c.value(k, v, known(float64(len(l.rows))), path+".totalCount")
		case "totalCountCapped":
			c.value(k, v, known(false), path+".totalCountCapped")
		case "pageInfo":
			is := map[string]any{"hasNextPage": more, "hasPreviousPage": after, "startCursor": unknown, "endCursor": unknown}
			if backward {
				is["hasNextPage"], is["hasPreviousPage"] = before, more
			}
			if from == to {
				is["startCursor"], is["endCursor"] = nil, nil
			}
			c.value(k, v, known(thing("PageInfo", is)), path+".pageInfo")
		}
	}
}

// window finds which part of a list is asked for: what follows the cursor, or comes before it.
func (c *check) window(s *selection, l *listing) (from, to int, backward bool) {
	to = len(l.places)
	backward = s.args["last"] != nil
	text, _ := s.args["after"].(string)
	if backward {
		text, _ = s.args["before"].(string)
	}
	if text == "" {
		return from, to, backward
	}
	i := slices.IndexFunc(c.past[s.list], func(x cursor) bool { return x.text == text })
	place := c.past[s.list][i].place
	descending := len(l.places) > 1 && l.places[0] > l.places[1]
	by, _ := s.plainArgs()["orderBy"].(map[string]any)
	descending = descending || by["direction"] == "DESC" || slices.Contains(newest, s.list[:strings.Index(s.list, "/")])
	beyond := func(p string) bool { return p > place != descending && p != place }
	if backward {
		to = 0
		for to < len(l.places) && l.places[to] != place && !beyond(l.places[to]) {
			to++
		}
		return 0, to, true
	}
	for from < len(l.places) && !beyond(l.places[from]) {
		from++
	}
	return from, to, false
}

// newest are the lists that begin with what is newest.
var newest = []string{"Tenant.relationships", "Tenant.invitations", "Tenant.assignments", "Tenant.accessRequests", "Tenant.serviceSubscriptions", "Tenant.auditEvents",
	"Partner.assignedCustomers", "Partner.mspDelegations", "Viewer.sessions", "Viewer.invitations", "Tenant.apiTokens", "Viewer.apiTokens",
	"Tenant.webhooks", "Webhook.deliveries"}

func (c *check) edges(s *selection, got any, l *listing, from, to int, path, list string) {
	edges, ok := got.([]any)
	if !ok || len(edges) != to-from {
		c.fault(path, "%v; want %d", got, to-from)
		return
	}
	for i, e := range edges {
		place := l.places[from+i]
		for _, k := range s.kids {
			v := e.(map[string]any)[k.name]
			at := fmt.Sprint(path, ".", i, ".", k.name)
			if k.name == "node" {
				c.value(k, v, known(l.rows[from+i]), at)
				continue
			}
			text, _ := v.(string)
			told, err := base64.RawURLEncoding.DecodeString(text)
			for _, word := range canaries(string(told)) {
				if !strings.Contains(place, word) {
					c.fault(at, "the cursor tells %s", word)
				}
			}
			if err != nil || text == "" {
				c.fault(at, "%v is no cursor", v)
			} else if !slices.ContainsFunc(c.past[list], func(x cursor) bool { return x.text == text }) && len(c.past[list]) < 50 {
				c.past[list] = append(c.past[list], cursor{text, place})
			}
		}
	}
}
