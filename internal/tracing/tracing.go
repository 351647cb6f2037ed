// Package tracing sends traces to an OpenTelemetry collector.
//
// The spans go out as OTLP over HTTP in its JSON form, written here: the module's own exporter brings all of gRPC along.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Config says where traces go.
type Config struct {
	Endpoint string      // the collector's URL for traces, such as http://localhost:4318/v1/traces
	Header   http.Header // sent along, such as a key
	Version  string      // of this program
	Log      *slog.Logger
}

// Tracing makes spans and sends them.
type Tracing struct {
	provider *sdk.TracerProvider
}

// Start begins to send spans, in batches and in the background: a collector that is away costs spans and nothing else.
// What is sampled and what the service is called stand in OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES, which the SDK reads.
func Start(ctx context.Context, c Config) (*Tracing, error) {
	own := resource.NewSchemaless(serviceName.String("mandate"), serviceVersion.String(c.Version))
	set, err := resource.New(ctx, resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	all, err := resource.Merge(own, set)
	if err != nil {
		return nil, fmt.Errorf("describe this program to the collector: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { c.Log.Warn("tracing", "error", err) }))
	return &Tracing{sdk.NewTracerProvider(sdk.WithResource(all), sdk.WithBatcher(newExporter(c)))}, nil
}

// Tracer returns what makes spans.
func (t *Tracing) Tracer() trace.Tracer { return t.provider.Tracer("mandate") }

// Stop sends what waits and ends. It gives up when ctx is done.
func (t *Tracing) Stop(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}
