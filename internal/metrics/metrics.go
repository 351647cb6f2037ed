// Package metrics counts what the program does, for Prometheus. Every label has a small fixed set of values: none is
// chosen by a client.
package metrics

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mandate/internal/outbox"
	"mandate/internal/telemetry"
)

// Config is what Metrics tells of, besides the requests that it observes.
type Config struct {
	Version     string
	Read, Write *sql.DB
	Retried     func() int64 // transactions begun anew so far
	Outbox      func(context.Context) (outbox.Depth, error)
	Swept       func() time.Time             // when a sweep ended last in which nothing failed; zero for none
	Connections func() telemetry.Connections // for subscriptions
	Log         *slog.Logger
}

// Metrics observes requests, and answers what is asked about them.
type Metrics struct {
	registry   *prometheus.Registry
	inFlight   prometheus.Gauge
	requests   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	operations *prometheus.CounterVec
	signIns    *prometheus.CounterVec
}

// New returns metrics of a program that just started.
func New(c Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "mandate_http_requests_in_flight", Help: "Requests being answered, those that opened a connection for subscriptions too."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mandate_http_requests_total",
			Help: "Requests answered, by route and class of status."}, []string{"route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mandate_http_request_duration_seconds",
			Help: "How long requests took, by route, without those that opened a connection for subscriptions.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mandate_graphql_operations_total",
			Help: "GraphQL operations, by kind (none for what was refused unread) and code of the first error (OK without errors)."}, []string{"kind", "code"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mandate_sign_ins_total",
			Help: "Tries to sign in, by outcome: accepted or refused."}, []string{"outcome"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "mandate_build_info", Help: "Always 1; the version is in the label.",
		ConstLabels: prometheus.Labels{"version": c.Version}})
	build.Set(1)
	m.registry.MustRegister(m.inFlight, m.requests, m.durations, m.operations, m.signIns, build,
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "mandate_transactions_retried_total",
			Help: "Transactions begun anew because another one stood in the way."}, func() float64 { return float64(c.Retried()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "mandate_sweep_last_success_timestamp_seconds",
			Help: "When this program's last sweep ended in which nothing failed; 0 before the first one."}, func() float64 { return seconds(c.Swept()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&backlog{c}, &listening{c})
	if c.Read == c.Write {
		m.registry.MustRegister(collectors.NewDBStatsCollector(c.Write, "main"))
	} else {
		m.registry.MustRegister(collectors.NewDBStatsCollector(c.Read, "read"), collectors.NewDBStatsCollector(c.Write, "write"))
	}
	for _, outcome := range []string{accepted, refused} {
		m.signIns.WithLabelValues(outcome) // at 0 from the start, so that the first one is an increase
	}
	return m
}

// seconds is a moment in Prometheus' time.
func seconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixMilli()) / 1000
}

const accepted, refused = "accepted", "refused"

// Begun counts a request that came in.
func (m *Metrics) Begun() { m.inFlight.Inc() }

// Answered counts a request that was answered.
func (m *Metrics) Answered(r *telemetry.Request) {
	m.inFlight.Dec()
	m.requests.WithLabelValues(r.Route, fmt.Sprintf("%dxx", r.Status/100)).Inc()
	if stream, _ := r.Stream(); stream == "" {
		m.durations.WithLabelValues(r.Route).Observe(r.Duration.Seconds())
	}
	for _, o := range r.Operations() {
		kind := o.Kind
		if kind == "" {
			kind = "none"
		}
		m.operations.WithLabelValues(kind, o.Code).Inc()
	}
	for _, ok := range r.SignIns() {
		outcome := refused
		if ok {
			outcome = accepted
		}
		m.signIns.WithLabelValues(outcome).Inc()
	}
}

// Handler answers what Prometheus asks.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// outboxLimit is how long looking at the outbox may take: Prometheus waits ten seconds for all.
const outboxLimit = 2 * time.Second

// backlog looks at the outbox whenever it is asked.
type backlog struct{ Config }

var (
	messages = prometheus.NewDesc("mandate_outbox_messages", "Mails that wait (pending) or were given up (dead).", []string{"status"}, nil)
	oldest   = prometheus.NewDesc("mandate_outbox_oldest_pending_seconds", "How long the oldest mail that waits has done so.", nil, nil)
)

// Describe lists what it tells.
func (b *backlog) Describe(ch chan<- *prometheus.Desc) { ch <- messages; ch <- oldest }

// Collect tells it, or nothing while the database is away.
func (b *backlog) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), outboxLimit)
	defer cancel()
	now, err := b.Outbox(ctx)
	if err != nil {
		b.Log.Warn("look at the outbox for the metrics", "error", err)
		return
	}
	ch <- prometheus.MustNewConstMetric(messages, prometheus.GaugeValue, float64(now.Pending), "pending")
	ch <- prometheus.MustNewConstMetric(messages, prometheus.GaugeValue, float64(now.Dead), "dead")
	ch <- prometheus.MustNewConstMetric(oldest, prometheus.GaugeValue, now.Oldest.Seconds())
}

// listening counts who listens whenever it is asked.
type listening struct{ Config }

var (
	connections   = prometheus.NewDesc("mandate_connections", "Connections for subscriptions that are open, by kind: websocket or sse.", []string{"kind"}, nil)
	subscriptions = prometheus.NewDesc("mandate_subscriptions", "Subscriptions on open connections.", nil, nil)
)

// Describe lists what it tells.
func (l *listening) Describe(ch chan<- *prometheus.Desc) { ch <- connections; ch <- subscriptions }

// Collect tells it.
func (l *listening) Collect(ch chan<- prometheus.Metric) {
	now := l.Connections()
	ch <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(now.WebSockets), telemetry.WebSocket)
	ch <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(now.EventStreams), telemetry.EventStream)
	ch <- prometheus.MustNewConstMetric(subscriptions, prometheus.GaugeValue, float64(now.Subscriptions))
}
