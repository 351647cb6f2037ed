package graph_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/graph"
	"mandate/internal/telemetry"
	"mandate/internal/testworld"
)

// download is an export as a client got it.
type download struct {
	Status int
	Header http.Header
	Body   string
	Cut    bool // the connection was broken off
}

// lines are the lines of an export of JSON.
func (d *download) lines(s scene) (list []in) {
	s.Helper()
	for line := range strings.Lines(d.Body) {
		var v in
		s.must(json.Unmarshal([]byte(line), &v))
		list = append(list, v)
	}
	return list
}

// table is an export as a table, without its header.
func (d *download) table(s scene) (rows []map[string]string) {
	s.Helper()
	all, err := csv.NewReader(strings.NewReader(d.Body)).ReadAll()
	s.must(err)
	for _, cells := range all[1:] {
		row := make(map[string]string)
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// exporter answers exports of a world, whose people are seated by seat.
func exporter(w *testworld.World, seat func(*http.Request) (context.Context, error)) http.Handler {
	return graph.NewExport(graph.Config{Client: w.Read, Dialect: w.DB.Dialect, Service: w.Service, Clock: w.Now}, seat)
}

// seated takes people for who they are.
func seated(r *http.Request) (context.Context, error) { return r.Context(), nil }

// exports asks for an export as a person.
func (s scene) exports(p *testworld.Person, tenantID, query string) *download {
	return s.exportsBy(seated, p, tenantID, query)
}

func (s scene) exportsBy(seat func(*http.Request) (context.Context, error), p *testworld.Person, tenantID, query string) *download {
	r := httptest.NewRequest(http.MethodGet, "/audit/x?"+query, nil).WithContext(p.Context())
	r.SetPathValue("tenantId", tenantID)
	return fetch(exporter(s.World, seat), httptest.NewRecorder(), r)
}

func fetch(h http.Handler, rec *httptest.ResponseRecorder, r *http.Request) (d *download) {
	defer func() {
		cause := recover()
		if err, _ := cause.(error); cause != nil && !errors.Is(err, http.ErrAbortHandler) {
			panic(cause)
		}
		d = &download{rec.Code, rec.Header(), rec.Body.String(), cause != nil}
	}()
	h.ServeHTTP(rec, r)
	return nil
}

// busy makes a pair with events of several kinds on either side.
func busy(s scene) (acme, contoso *testworld.Company) {
	s.Helper()
	acme, contoso = s.NewPartner("Acme"), s.Customer("Contoso")
	s.connected(acme, contoso, "PRIME_ADMIN")
	for i := range 3 {
		s.Later(time.Minute)
		s.does(acme.Admin, "updateTenant", in{"id": contoso.ID, "accountNumber": fmt.Sprint("C-", i)})
		s.does(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(i, nil)}})
		s.does(contoso.Admin, "createRole", in{"tenantId": contoso.ID, "name": fmt.Sprint("Role ", i), "permissions": levels("SITES", "VIEW")})
	}
	s.does(acme.Admin, "enterTenant", in{"tenantId": contoso.ID, "reason": "Two lines,\nwith \"quotes\"; and = signs."})
	s.Later(time.Minute)
	return acme, contoso
}

const wholeEvents = `query($id: ID!, $f: AuditFilter) { tenant(id: $id) { auditEvents(filter: $f, first: 100) { nodes {
	id at action actor { name } actorTenant { name kind } onBehalfOf { name kind } target { id } targetName changes { field before after } reason requestId apiToken address } } } }`

// TestAnExportIsTheTrail: what is exported is what the API answers to the same viewer, oldest first, in either form.
func TestAnExportIsTheTrail(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := busy(s)
		reads := func(name string, features map[feature]accessLevel) *testworld.Person {
			return s.Staff(contoso, name, testworld.Custom(s.CustomRole(contoso.Tenant, name, features)))
		}
		from := s.Now().Add(-3 * time.Minute)
		for name, c := range map[string]struct {
			who      *testworld.Person
			tenantID string
			query    string
			filter   in
		}{
			"the customer's":          {contoso.Admin, contoso.ID, "", nil},
			"the partner's":           {acme.Admin, acme.ID, "", nil},
			"the customer's, outside": {acme.Admin, contoso.ID, "", nil},
			"only the trail":          {reads("trail", map[feature]accessLevel{"AUDIT": view}), contoso.ID, "", nil},
			"the trail and members":   {reads("members", map[feature]accessLevel{"AUDIT": view, "USERS": view}), contoso.ID, "", nil},
			"of actions":              {contoso.Admin, contoso.ID, "action=tenant.updated&action=member.added", in{"action": []string{"tenant.updated", "member.added"}}},
			"of a person":             {contoso.Admin, contoso.ID, "actorId=" + acme.Admin.ID, in{"actorId": acme.Admin.ID}},
			"with a tenant":           {contoso.Admin, contoso.ID, "otherTenantId=" + acme.ID, in{"otherTenantId": acme.ID}},
			"on behalf":               {contoso.Admin, contoso.ID, "delegatedOnly=true", in{"delegatedOnly": true}},
			"of a time": {contoso.Admin, contoso.ID, "from=" + url.QueryEscape(from.Format(time.RFC3339)) + "&to=" + url.QueryEscape(from.Add(time.Minute).Format(time.RFC3339)),
				in{"from": from, "to": from.Add(time.Minute)}},
			"of a time that goes on": {contoso.Admin, contoso.ID, "to=2999-01-01T00:00:00Z", nil},
		} {
			s.then(name, func(s scene) {
				want := c.who.Do(wholeEvents, vars{"id": c.tenantID, "f": c.filter}).OK().List("tenant.auditEvents.nodes")
				if len(want) < 2 {
					s.Fatalf("there are %d events", len(want))
				}
				slices.Reverse(want)
				d := s.exports(c.who, c.tenantID, "format=ndjson&"+c.query)
				s.is("status", d.Status, 200)
				s.is("cut", d.Cut, false)
				var got []any
				for _, line := range d.lines(s) {
					got = append(got, any(line))
				}
				s.is("events", got, want)

				d = s.exports(c.who, c.tenantID, "format=csv&"+c.query)
				s.is("status", d.Status, 200)
				for i, row := range d.table(s) {
					e := want[i].(in)
					for name, cell := range row {
						s.is(fmt.Sprint("cell ", i, " ", name), cell, cellOf(e, name))
					}
				}
				s.is("rows", len(d.table(s)), len(want))
			})
		}
	})
}

// cellOf is what a table has in a column for an event: what the API answers in the field that the column is named after.
func cellOf(e in, column string) string {
	outer, inner, nested := strings.Cut(column, ".")
	v := e[outer]
	if nested && v != nil {
		v = v.(in)[inner]
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strings.ReplaceAll(v, "\n", " ")
	case []any:
		if len(v) == 0 {
			return ""
		}
		b, _ := json.Marshal(v)
		var changes []struct {
			Field  string  `json:"field"`
			Before *string `json:"before"`
			After  *string `json:"after"`
		}
		_ = json.Unmarshal(b, &changes)
		b, _ = json.Marshal(changes)
		return string(b)
	}
	return "?"
}

// TestAnExportHasTheFieldsOfTheAPI: a field that events get some day is exported too.
func TestAnExportHasTheFieldsOfTheAPI(t *testing.T) {
	eachScene(t, func(s scene) {
		_, contoso := busy(s)
		var fields, got, columns []string
		for _, f := range ownFields(api().Types["AuditEvent"]) {
			fields = append(fields, f.Name)
		}
		for name := range s.exports(contoso.Admin, contoso.ID, "format=ndjson").lines(s)[0] {
			got = append(got, name)
		}
		for name := range s.exports(contoso.Admin, contoso.ID, "format=csv").table(s)[0] {
			outer, _, _ := strings.Cut(name, ".")
			columns = append(columns, outer)
		}
		slices.Sort(fields)
		slices.Sort(got)
		slices.Sort(columns)
		s.sees(got, fields...)
		s.sees(slices.Compact(columns), fields...)
	})
}

// TestWhoGetsAnExport: whoever reads the trail by the API, and nobody else.
func TestWhoGetsAnExport(t *testing.T) {
	eachScene(t, func(s scene) {
		acme, contoso := busy(s)
		other, operator := s.Customer("Other"), s.Operator()
		clerk := s.Staff(contoso, "clerk", testworld.Role("PHONE_MANAGER"))
		for name, c := range map[string]struct {
			who      *testworld.Person
			tenantID string
			status   int
			code     string
		}{
			"nobody":                          {s.Stranger(), contoso.ID, 401, "UNAUTHENTICATED"},
			"a member without AUDIT VIEW":     {clerk, contoso.ID, 403, "FORBIDDEN"},
			"the operator":                    {operator.Admin, contoso.ID, 403, "FORBIDDEN"},
			"somebody from elsewhere":         {other.Admin, contoso.ID, 404, "NOT_FOUND"},
			"of what never was":               {other.Admin, "ten_00000000000000000000000000", 404, "NOT_FOUND"},
			"of what is no id":                {contoso.Admin, "x", 404, "NOT_FOUND"},
			"of what is no tenant":            {contoso.Admin, contoso.Admin.ID, 404, "NOT_FOUND"},
			"of the partner, by the customer": {contoso.Admin, acme.ID, 404, "NOT_FOUND"},
			"in a session entered elsewhere":  {acme.Admin.Entered(contoso.ID), acme.ID, 404, "NOT_FOUND"},
		} {
			s.then(name, func(s scene) {
				for _, format := range []string{"ndjson", "csv"} {
					d := s.exports(c.who, c.tenantID, "format="+format)
					s.is("status", d.Status, c.status)
					s.is("code", codeOf(s, d), c.code)
					s.is("cut", d.Cut, false)
					s.is("file", d.Header.Get("Content-Disposition"), "")
				}
			})
		}
		unreached, absent := s.exports(other.Admin, contoso.ID, "format=csv"), s.exports(other.Admin, "ten_00000000000000000000000000", "format=csv")
		s.is("out of reach", *unreached, *absent)

		for query, says := range map[string]string{"": "Give the format", "format=xml": "Give the format", "format=csv&format=ndjson": "each once", "format=csv&actor=x": "each once",
			"format=csv&from=yesterday": "from and to are moments", "format=csv&to=2026-01-01": "from and to are moments", "format=csv&delegatedOnly=maybe": "true or false",
			"format=csv&from=%zz": "cannot be read", "format=csv&" + strings.Repeat("action=a&", 101): "at most 100 actions"} {
			d := s.exports(contoso.Admin, contoso.ID, query)
			s.is(query, fmt.Sprint(d.Status, codeOf(s, d), strings.Contains(d.Body, says)), "400BAD_USER_INPUTtrue")
		}
		for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodDelete} {
			r := httptest.NewRequest(method, "/audit/x?format=csv", nil).WithContext(contoso.Admin.Context())
			r.SetPathValue("tenantId", contoso.ID)
			noted := &telemetry.Request{}
			d := fetch(exporter(s.World, seated), httptest.NewRecorder(), r.WithContext(telemetry.With(r.Context(), noted)))
			s.is(method, fmt.Sprint(d.Status, d.Header.Get("Allow"), codeOf(s, d), noted.Code()), "405GETBAD_USER_INPUTBAD_USER_INPUT")
		}
		d := s.exports(contoso.Admin, contoso.ID, "format=csv")
		s.is("file", d.Header.Get("Content-Disposition"), "attachment; filename=audit-"+contoso.ID+".csv")
		s.is("type", d.Header.Get("Content-Type"), "text/csv; charset=utf-8; header=present")
		s.is("kept", d.Header.Get("Cache-Control"), "no-store")
	})
}

func codeOf(s scene, d *download) any {
	s.Helper()
	lines := d.lines(s)
	return lines[len(lines)-1]["errors"].([]any)[0].(in)["extensions"].(in)["code"]
}
