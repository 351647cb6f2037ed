package main

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"mandate/internal/testdb"
)

// TestAWorkerDoesWhatAnIdleServerDoesNot has a server that only answers, and starts a worker when a mail has waited for a while.
func TestAWorkerDoesWhatAnIdleServerDoesNot(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := make(postbox, 10)
	srv := smtp.NewServer(box)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	env := []string{
		"MANDATE_DATABASE_URL=" + testdb.New(t, testdb.MariaDB), "MANDATE_LISTEN=127.0.0.1:0", "MANDATE_PUBLIC_URL=https://mandate.example",
		"MANDATE_OPS_LISTEN=127.0.0.1:0", "MANDATE_WORKER=off",
		"MANDATE_SMTP_URL=smtp://" + l.Addr().String(), "MANDATE_MAIL_FROM=Mandate <no-reply@mandate.example>",
	}
	runs(t, env, "quiet river stone 77", []string{"admin", "create", "--email=olivia@operator.example"}, 0)
	idle := start(t, env, "", "serve")
	query(t, "http://"+idle.awaits(`msg=serving.* address=(\S+)`), "", `mutation { requestPasswordReset(input: {email: "olivia@operator.example"}) { ok } }`)
	select {
	case text := <-box:
		t.Errorf("the server sent a mail:\n%s", text)
	case <-time.After(2 * time.Second):
	}
	if swept := sweptBy(t, idle); swept != "0" {
		t.Errorf("the server swept at %s", swept)
	}

	w := start(t, env, "", "worker")
	select {
	case text := <-box:
		if !strings.Contains(text, "To: <olivia@operator.example>") {
			t.Errorf("another mail:\n%s", text)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("no mail came:\n%s", w.printed())
	}
	for end := time.Now().Add(20 * time.Second); sweptBy(t, w) == "0"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the worker does not sweep:\n%s", w.printed())
		}
	}
	w.stop()
	idle.stop()
	if !strings.Contains(w.printed(), "msg=stopped") {
		t.Errorf("it did not say that it stopped:\n%s", w.printed())
	}
}

func TestAnIdleServerMissesNoMailServer(t *testing.T) {
	t.Parallel()
	p := start(t, []string{"MANDATE_LISTEN=127.0.0.1:0", "MANDATE_WORKER=off"}, "", "serve")
	p.awaits("msg=serving.* mail=false")
	p.stop()
	if strings.Contains(p.printed(), "no mail server") {
		t.Errorf("it warned:\n%s", p.printed())
	}
}

var lastSweep = regexp.MustCompile(`(?m)^mandate_sweep_last_success_timestamp_seconds (\S+)$`)

// sweptBy is when a program swept last, as its metrics say.
func sweptBy(t *testing.T, p *process) string {
	t.Helper()
	r, err := http.Get("http://" + p.awaits(`msg=operations.* address=(\S+)`) + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := lastSweep.FindSubmatch(text)
	if found == nil {
		t.Fatalf("there is no metric of sweeps:\n%s", text)
	}
	return string(found[1])
}

func TestAWorkerIsToldWhereTheServersAre(t *testing.T) {
	t.Parallel()
	runs(t, nil, "", []string{"worker"}, 2, "MANDATE_PUBLIC_URL")
	runs(t, []string{"MANDATE_WORKER=perhaps"}, "", []string{"serve"}, 2, "MANDATE_WORKER", "perhaps")
}
