package tracing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	serviceName    = attribute.Key("service.name")
	serviceVersion = attribute.Key("service.version")
)

// exportLimit is how long the collector may take for one batch.
const exportLimit = 10 * time.Second

// exporter posts batches of spans.
type exporter struct {
	Config
	client *http.Client
}

func newExporter(c Config) *exporter { return &exporter{c, &http.Client{Timeout: exportLimit}} }

// ExportSpans posts a batch. One that is not taken is lost.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	body, err := json.Marshal(newBatch(spans))
	if err != nil {
		return fmt.Errorf("write spans: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.Endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	for name, values := range e.Header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(r)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("send spans: the collector answered %s", answer.Status)
	}
	return nil
}

// Shutdown ends the exporter.
func (e *exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

// What follows is the JSON form of an ExportTraceServiceRequest, as far as this program fills it in.
type (
	batch struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   attributes   `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	attributes struct {
		Attributes []keyValue `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name string `json:"name"`
	}
	span struct {
		TraceID           string     `json:"traceId"`
		SpanID            string     `json:"spanId"`
		ParentSpanID      string     `json:"parentSpanId,omitempty"`
		Flags             uint32     `json:"flags"`
		Name              string     `json:"name"`
		Kind              int        `json:"kind"`
		StartTimeUnixNano string     `json:"startTimeUnixNano"`
		EndTimeUnixNano   string     `json:"endTimeUnixNano"`
		Attributes        []keyValue `json:"attributes"`
		Status            status     `json:"status"`
	}
	status struct {
		Code int `json:"code,omitempty"`
	}
	keyValue struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		StringValue *string `json:"stringValue,omitempty"`
		IntValue    *string `json:"intValue,omitempty"` // a 64-bit number, which JSON has as text
	}
)

// statusError is OTLP's number for a span that failed.
const statusError = 2

// newBatch writes spans, all of which are of one program and one tracer.
func newBatch(spans []sdk.ReadOnlySpan) batch {
	if len(spans) == 0 {
		return batch{}
	}
	list := make([]span, len(spans))
	for i, s := range spans {
		list[i] = newSpan(s)
	}
	return batch{[]resourceSpans{{
		Resource:   attributes{keyValues(spans[0].Resource().Attributes())},
		ScopeSpans: []scopeSpans{{Scope: scope{spans[0].InstrumentationScope().Name}, Spans: list}},
	}}}
}

func newSpan(s sdk.ReadOnlySpan) span {
	written := span{
		TraceID: s.SpanContext().TraceID().String(), SpanID: s.SpanContext().SpanID().String(), Flags: uint32(s.SpanContext().TraceFlags()),
		Name: s.Name(), Kind: kind(s.SpanKind()), Attributes: keyValues(s.Attributes()),
		StartTimeUnixNano: strconv.FormatInt(s.StartTime().UnixNano(), 10), EndTimeUnixNano: strconv.FormatInt(s.EndTime().UnixNano(), 10),
	}
	if s.Parent().HasSpanID() {
		written.ParentSpanID = s.Parent().SpanID().String()
	}
	for _, a := range s.Attributes() {
		if a.Key == "error.type" {
			written.Status.Code = statusError
		}
	}
	return written
}

// kind is OTLP's number for a span that serves, or for one inside the program.
func kind(k trace.SpanKind) int {
	if k == trace.SpanKindServer {
		return 2
	}
	return 1
}

// keyValues writes attributes, which are numbers or texts.
func keyValues(list []attribute.KeyValue) []keyValue {
	written := make([]keyValue, len(list))
	for i, a := range list {
		written[i].Key = string(a.Key)
		if a.Value.Type() == attribute.INT64 {
			n := strconv.FormatInt(a.Value.AsInt64(), 10)
			written[i].Value.IntValue = &n
			continue
		}
		text := a.Value.String()
		written[i].Value.StringValue = &text
	}
	return written
}
