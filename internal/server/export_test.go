package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mandate/internal/viewer"
)

func TestAnExportHasNoTimeLimit(t *testing.T) {
	t.Parallel()
	var asked *http.Request
	keep := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		_, _ = io.WriteString(w, "exported")
	})
	w := newWorld(t, func(c *Config) { c.Export = keep })
	status, body := read(t, w.ask("GET", "/audit/ten_1?format=csv&actorId=hidden", "", "Authorization", "Bearer x", "X-Request-Id", "r1"))
	if status != 200 || body != "exported" || asked.PathValue("tenantId") != "ten_1" {
		t.Fatalf("%d %s, of %q", status, body, asked.PathValue("tenantId"))
	}
	if _, limited := asked.Context().Deadline(); limited {
		t.Error("the export has a deadline")
	}
	if v := viewer.From(asked.Context()); v.SignedIn() || v.RequestID != "r1" || v.Address == "" {
		t.Errorf("the request is told as %+v", v)
	}
	if strings.Contains(w.log.String(), "hidden") || !strings.Contains(w.log.String(), "/audit/{tenantId}") {
		t.Errorf("log: %s", w.log)
	}
	asked = nil
	if status, body = read(t, w.ask("GET", "/audit/ten_1?format=csv", "", "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")); status != 403 || asked != nil {
		t.Errorf("for a page from elsewhere: %d %s", status, body)
	}
	w.broken = io.ErrUnexpectedEOF
	r := w.ask("GET", "/audit/ten_1?format=csv", "")
	if status, body = read(t, r); status != 503 || r.Header.Get("Retry-After") != "1" || asked != nil || !strings.Contains(body, `"UNAVAILABLE"`) {
		t.Errorf("without a database: %d %s", status, body)
	}
}

func TestAnExportEndsWhenTheProgramStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{}
		s.stopping, s.stop = context.WithCancel(t.Context())
		ended := make(chan time.Time)
		endless := s.lasting(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		go func() {
			endless.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/audit/ten_1", nil))
			ended <- time.Now()
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case <-ended:
			t.Fatal("it ended by itself")
		default:
		}
		stopped := time.Now()
		s.stop()
		if took := (<-ended).Sub(stopped); took != requestLimit {
			t.Errorf("it ended after %v", took)
		}
		s.lasting(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/audit/ten_1", nil))
	})
}
