package main

import (
	"log/slog"
	"testing"
)

func TestWhereTracesGo(t *testing.T) {
	t.Parallel()
	for c, want := range map[tracesConfig]string{
		{}:                 "",
		{Headers: "key=x"}: "",
		{Exporter: "none", Endpoint: "http://c:4318"}: "",
		{Exporter: "otlp"}:                            "http://localhost:4318/v1/traces",
		{Endpoint: "http://c:4318/"}:                  "http://c:4318/v1/traces",
		{Endpoint: "https://c/base"}:                  "https://c/base/v1/traces",
		{Endpoint: "http://c:4318", Protocol: "http/json", TracesEndpoint: "http://t:1/own"}: "http://t:1/own",
		{Exporter: "zipkin"}:                          "!",
		{Endpoint: "http://c:4318", Protocol: "grpc"}: "!",
		{Endpoint: "c:4318"}:                          "!",
		{TracesEndpoint: "ftp://c:4318"}:              "!",
	} {
		got, err := c.endpoint()
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	h, err := tracesConfig{Headers: "api-key=a%20b, Other=c=d"}.header()
	if err != nil || h.Get("Api-Key") != "a b" || h.Get("Other") != "c=d" {
		t.Errorf("headers %v, %v", h, err)
	}
	if _, err := (tracesConfig{Headers: "nonsense"}).header(); err == nil {
		t.Error("nonsense is a header")
	}
}

func TestWithoutACollectorThereIsNoTracer(t *testing.T) {
	t.Parallel()
	tracer, stop, err := tracesConfig{}.tracer(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil || tracer != nil {
		t.Fatalf("%+v, %v", tracer, err)
	}
	stop()
}
