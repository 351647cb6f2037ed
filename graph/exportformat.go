package graph

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"mandate/ent"
	"mandate/ent/tenant"
)

// exportFormat is a form in which events are exported.
type exportFormat struct {
	mediaType, extension string
	to                   func(io.Writer) exportWriter
}

var exportFormats = map[string]exportFormat{
	"ndjson": {"application/x-ndjson", "ndjson", newNDJSON},
	"csv":    {"text/csv; charset=utf-8; header=present", "csv", newCSV},
}

// exportWriter writes events. What goes wrong is told by flush.
type exportWriter interface {
	event(*exportedEvent)
	incomplete(*gqlerror.Error) // says that events are missing from here on, and why
	flush() error
}

// exportedEvent is an event with the fields of the API, by their names there.
type exportedEvent struct {
	ID          string            `json:"id"`
	At          time.Time         `json:"at"`
	Action      string            `json:"action"`
	Actor       *exportedPerson   `json:"actor"`
	ActorTenant *exportedTenant   `json:"actorTenant"`
	APIToken    *string           `json:"apiToken"`
	OnBehalfOf  *exportedTenant   `json:"onBehalfOf"`
	Target      *exportedTarget   `json:"target"`
	TargetName  *string           `json:"targetName"`
	Changes     []*exportedChange `json:"changes"`
	Reason      *string           `json:"reason"`
	RequestID   *string           `json:"requestId"`
	Address     *string           `json:"address"`
}

type (
	exportedPerson struct {
		Name string `json:"name"`
	}
	exportedTenant struct {
		Name string      `json:"name"`
		Kind tenant.Kind `json:"kind"`
	}
	exportedTarget struct {
		ID string `json:"id"`
	}
	exportedChange struct {
		Field  string  `json:"field"`
		Before *string `json:"before"`
		After  *string `json:"after"`
	}
)

// exported is as much of an event as the viewer sees.
func exported(e *ent.AuditEvent, seen sight) *exportedEvent {
	x := &exportedEvent{ID: e.ID, At: e.At.UTC(), Action: e.Action, APIToken: e.APIToken, TargetName: seen.targetName(e), Reason: e.Reason, RequestID: e.RequestID, Address: seen.address(e)}
	if e.ActorName != nil {
		x.Actor = &exportedPerson{*e.ActorName}
	}
	x.ActorTenant, x.OnBehalfOf = exportedProfile(e.ActorTenantName, e.ActorTenantKind), exportedProfile(e.OnBehalfOfName, e.OnBehalfOfKind)
	if seen.target != nil {
		x.Target = &exportedTarget{orZero(e.TargetID)}
	}
	if changes := seen.changes(e); changes != nil {
		x.Changes = make([]*exportedChange, len(changes))
		for i, c := range changes {
			x.Changes[i] = (*exportedChange)(c)
		}
	}
	return x
}

func exportedProfile(name, kind *string) *exportedTenant {
	if p := tenantProfile(name, kind); p != nil {
		return &exportedTenant{p.Name, p.Kind}
	}
	return nil
}

// ndjsonWriter writes a JSON object a line.
type ndjsonWriter struct {
	w    *bufio.Writer
	json *json.Encoder
	err  error
}

func newNDJSON(w io.Writer) exportWriter {
	b := bufio.NewWriter(w)
	return &ndjsonWriter{w: b, json: json.NewEncoder(b)}
}

func (n *ndjsonWriter) line(v any) {
	if n.err == nil {
		n.err = n.json.Encode(v)
	}
}

func (n *ndjsonWriter) event(e *exportedEvent)       { n.line(e) }
func (n *ndjsonWriter) incomplete(e *gqlerror.Error) { n.line(exportError{gqlerror.List{e}}) }

func (n *ndjsonWriter) flush() error {
	if n.err != nil {
		return n.err
	}
	return n.w.Flush()
}

// csvColumns are the fields of an event as the columns of a table; what changed is one cell of JSON.
var csvColumns = []string{
	"id", "at", "action", "actor.name", "actorTenant.name", "actorTenant.kind", "apiToken", "onBehalfOf.name", "onBehalfOf.kind",
	"target.id", "targetName", "changes", "reason", "requestId", "address",
}

// csvWriter writes a table.
type csvWriter struct{ *csv.Writer }

func newCSV(w io.Writer) exportWriter {
	c := csvWriter{csv.NewWriter(w)}
	c.row(csvColumns...)
	return c
}

func (c csvWriter) row(cells ...string) {
	for i := range cells {
		cells[i] = inert(cells[i])
	}
	_ = c.Write(cells) // flush tells
}

func (c csvWriter) event(e *exportedEvent) {
	var changes string
	if len(e.Changes) > 0 {
		b, _ := json.Marshal(e.Changes) // strings
		changes = string(b)
	}
	from, behalf := orZero(e.ActorTenant), orZero(e.OnBehalfOf)
	c.row(e.ID, e.At.Format(time.RFC3339Nano), e.Action, orZero(e.Actor).Name, from.Name, string(from.Kind), orZero(e.APIToken), behalf.Name, string(behalf.Kind),
		orZero(e.Target).ID, orZero(e.TargetName), changes, orZero(e.Reason), orZero(e.RequestID), orZero(e.Address))
}

func (c csvWriter) incomplete(e *gqlerror.Error) {
	cells := make([]string, len(csvColumns))
	cells[0], cells[1] = "incomplete", e.Extensions["code"].(string)
	c.row(cells...)
}

func (c csvWriter) flush() error {
	c.Flush()
	return c.Error()
}

// oneLine makes blanks of line breaks, so that every line of a table is an event, whoever reads it.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// inert makes text of what spreadsheets would take for a formula.
func inert(cell string) string {
	cell = oneLine.Replace(cell)
	if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
		return "'" + cell
	}
	return cell
}
