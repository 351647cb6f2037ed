package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"mandate/ent"
	"mandate/internal/clock"
	"mandate/internal/database"
	"mandate/internal/mail"
	"mandate/internal/testworld"
)

// faultyVariable holds the URL of the database of a program with faults, which this test binary is then.
const faultyVariable = "MANDATE_TEST_FAULTY_DATABASE"

// faultyProgram serves as mandate serve does, but through a driver that makes things go wrong, and takes plans for them at
// another address. It prints both addresses, and ends with its standard input, and so with the test.
func faultyProgram(rawURL string) error {
	ctx := context.Background()
	db, err := database.Open(ctx, rawURL)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(log)
	f := &faults{}
	db = faulty(db, f)
	public := &url.URL{Scheme: "https", Host: "portal.example"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /plan", func(w http.ResponseWriter, r *http.Request) {
		var p plan
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.prepare(p)
	})
	mux.HandleFunc("GET /progress", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(f.seen()) })
	mux.HandleFunc("POST /statement", func(w http.ResponseWriter, r *http.Request) {
		statement, _ := io.ReadAll(r.Body)
		if _, err := db.Write.ExecContext(r.Context(), string(statement)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	go func() { _ = http.Serve(control, mux) }()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(l.Addr(), control.Addr())
	i := install(db, public, mail.Brand{}, nil, nil, clock.System, log)
	i.write.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			f.writes()
			return next.Mutate(ctx, m)
		})
	})
	return i.serve(ctx, exposure{listener: l, idle: true}) // sweeps are steps of nobody's mutation
}

// child is the program with faults, running.
type child struct {
	t                *testing.T
	cmd              *exec.Cmd
	log              *bytes.Buffer // to be read once it ended
	address, control string
	client           *http.Client
}

// bear starts a child, and returns it when it serves. Whoever does ends it.
func bear(t *testing.T, rawURL string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{t: t, cmd: exec.Command(self), log: new(bytes.Buffer), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}}
	c.cmd.Env = []string{faultyVariable + "=" + rawURL, "GOMAXPROCS=2"}
	c.cmd.Stderr = c.log
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if _, err := c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = c.cmd.Wait()
		return nil, fmt.Errorf("the program does not serve: %w\n%s", err, c.log)
	}
	c.address, c.control, _ = strings.Cut(strings.TrimSpace(line), " ")
	return c, nil
}

// end ends the child, if it has not ended.
func (c *child) end() {
	c.client.CloseIdleConnections()
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// died waits for the end of a child that is to kill itself.
func (c *child) died() {
	c.t.Helper()
	_ = c.cmd.Wait()
	c.client.CloseIdleConnections()
	if state := c.cmd.ProcessState.String(); state != "signal: killed" {
		c.t.Fatalf("it ended otherwise: %s\n%s", state, c.log)
	}
}

// plans tells the child what is to go wrong next.
func (c *child) plans(p plan) {
	c.t.Helper()
	body, err := json.Marshal(p)
	if err != nil {
		c.t.Fatal(err)
	}
	c.tells("/plan", string(body))
}

// statement runs a statement on a connection on which the child writes.
func (c *child) statement(text string) {
	c.t.Helper()
	c.tells("/statement", text)
}

func (c *child) tells(path, body string) {
	c.t.Helper()
	r, err := c.client.Post("http://"+c.control+path, "text/plain", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	if text, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s: %s", path, body, text)
	}
}

// progress tells what the child's transactions did since the last plan was made.
func (c *child) progress() (p progress) {
	c.t.Helper()
	r, err := c.client.Get("http://" + c.control + "/progress")
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		c.t.Fatal(err)
	}
	return p
}

// request is what a client sends, and sends again under the same key when no answer comes.
type request struct {
	token, key, document string
	input                map[string]any
}

var errNoAnswer = errors.New("there was no answer")

// sends sends a request; errNoAnswer when the connection ends instead of an answer.
func (c *child) sends(q request) (*testworld.Answer, error) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": q.document, "variables": map[string]any{"in": q.input}})
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+c.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.GetBody = nil // the transport is not to send it again by itself
	r.Header.Set("Content-Type", "application/json")
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.key != "" {
		r.Header.Set("Idempotency-Key", q.key)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, errors.Join(errNoAnswer, err)
	}
	defer answer.Body.Close()
	return testworld.Read(c.t, answer), nil
}

// answers sends a request that is answered.
func (c *child) answers(q request) *testworld.Answer {
	c.t.Helper()
	a, err := c.sends(q)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}
