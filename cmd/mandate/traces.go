package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"mandate/internal/tracing"
)

// tracesStopLimit is how long the last spans may take to be sent when the program stops.
const tracesStopLimit = 3 * time.Second

// tracer starts to trace, if that is asked for: it returns what makes spans, nil for nothing, and what sends the last of them.
func (c tracesConfig) tracer(ctx context.Context, log *slog.Logger) (t trace.Tracer, stop func(), err error) {
	endpoint, err := c.endpoint()
	if err != nil || endpoint == "" {
		return nil, func() {}, err
	}
	header, err := c.header()
	if err != nil {
		return nil, nil, err
	}
	started, err := tracing.Start(ctx, tracing.Config{Endpoint: endpoint, Header: header, Version: version, Log: log})
	if err != nil {
		return nil, nil, &badValue{"OTEL_RESOURCE_ATTRIBUTES", err}
	}
	return started.Tracer(), func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesStopLimit)
		defer cancel()
		if err := started.Stop(ctx); err != nil {
			log.Warn("tracing", "error", err)
		}
	}, nil
}

// endpoint returns the collector's URL for traces; "" when none are sent.
func (c tracesConfig) endpoint() (string, error) {
	const path = "/v1/traces"
	set := c.Endpoint != "" || c.TracesEndpoint != ""
	switch {
	case c.Exporter == "none", c.Exporter == "" && !set:
		return "", nil
	case c.Exporter != "" && c.Exporter != "otlp":
		return "", bad("OTEL_TRACES_EXPORTER", "%q is neither otlp nor none", c.Exporter)
	case c.Protocol != "" && c.Protocol != "http/json":
		return "", bad("OTEL_EXPORTER_OTLP_PROTOCOL", "%q is not spoken here, only http/json: collectors take it at the port of http/protobuf, usually 4318", c.Protocol)
	case !set:
		return "http://localhost:4318" + path, nil
	case c.TracesEndpoint != "":
		return collector("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.TracesEndpoint, "")
	default:
		return collector("OTEL_EXPORTER_OTLP_ENDPOINT", c.Endpoint, path)
	}
}

func collector(variable, raw, path string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", bad(variable, "it is not of the form http://host:port")
	}
	return strings.TrimSuffix(u.String(), "/") + path, nil
}

// header returns what the collector wants sent along.
func (c tracesConfig) header() (http.Header, error) {
	header := http.Header{}
	for pair := range strings.SplitSeq(c.Headers, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil {
			return nil, bad("OTEL_EXPORTER_OTLP_HEADERS", "it is not of the form name=value,name=value")
		}
		header.Set(strings.TrimSpace(name), value)
	}
	return header, nil
}
