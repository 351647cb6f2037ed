package graph

import (
	"net/http"
	"net/url"

	"mandate/graph/model"
)

var errParameters = badInput("Give format, ndjson or csv, and if need be actorId, action, otherTenantId, from, to, delegatedOnly: each once, but for action.")

// exportQuery is what is exported, and how.
type exportQuery struct {
	tenantID string
	filter   model.AuditFilter
	format   exportFormat
	runs     string // for which person; "" as long as it does not
	leave    func() // ends the request in the budget; nil as long as it did not ask to enter
}

// read reads what a request asks for. What happens from now on is left to the next export, so that this one ends.
func (x *export) read(r *http.Request) (*exportQuery, error) {
	if r.Method != http.MethodGet {
		return nil, errNoMethod
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badInput("The parameters cannot be read.")
	}
	now := x.Clock()
	q := &exportQuery{tenantID: r.PathValue("tenantId"), filter: model.AuditFilter{To: &now, Action: values["action"]}}
	for name, given := range values {
		if len(given) > 1 && name != "action" {
			return nil, errParameters
		}
		if err := q.set(name, given[0]); err != nil {
			return nil, err
		}
	}
	if q.filter.To.After(now) {
		q.filter.To = &now
	}
	if q.format.to == nil {
		return nil, badInput("Give the format: ndjson or csv.")
	}
	return q, nil
}

// set reads a parameter.
func (q *exportQuery) set(name, value string) error {
	switch name {
	case "format":
		q.format = exportFormats[value]
	case "action":
	case "actorId":
		id := model.Comparable(value)
		q.filter.ActorID = &id
	case "otherTenantId":
		id := model.Comparable(value)
		q.filter.OtherTenantID = &id
	case "from", "to":
		at, err := model.UnmarshalDateTime(value)
		if err != nil {
			return badInput("from and to are moments such as 2026-11-01T00:00:00Z.")
		}
		if name == "from" {
			q.filter.From = &at
		} else {
			q.filter.To = &at
		}
	case "delegatedOnly":
		only := value == "true"
		if !only && value != "false" {
			return badInput("delegatedOnly is true or false.")
		}
		q.filter.DelegatedOnly = &only
	default:
		return errParameters
	}
	return nil
}
