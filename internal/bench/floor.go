package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mandate/internal/bench/floor"
	"mandate/internal/database"
)

// floorArgument makes this program the floor's server, over the database that floorVariable names.
const (
	floorArgument = "serve-floor"
	floorVariable = "BENCH_DATABASE_URL"
)

// floor starts the floor's server over a database: this program once more. The caller stops it.
func (b *bench) floor(url string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.serve(self, floorArgument, floorVariable+"="+url)
}

// serveFloor answers as the floor until ctx is done, and tells where as the product does.
func serveFloor(ctx context.Context) error {
	db, err := database.Open(ctx, os.Getenv(floorVariable))
	if err != nil {
		return err
	}
	defer db.Close()
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	beside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	srv := &http.Server{Handler: metrics, ReadHeaderTimeout: 5 * time.Second}
	defer func() { _ = srv.Close() }()
	go func() { _ = srv.Serve(beside) }()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	log.Info("serving", "address", api.Addr().String())
	log.Info("operations", "address", beside.Addr().String())
	return floor.Serve(ctx, api, db)
}
