package endtoend

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"mandate/internal/testdb"
)

// TestF11HugeRequests: what is too large is refused, and takes no memory.
func TestF11HugeRequests(t *testing.T) {
	t.Parallel()
	s := newStage(t, "MANDATE_DATABASE_URL="+testdb.New(t, testdb.SQLite), "MANDATE_RATE_LIMIT=off")
	const gigabyte = 1 << 30
	variables := func(value string) string {
		return `{"query": "{ viewer { user { id } } }", "variables": {"v": ` + value + `}}`
	}
	const most = 200 << 10
	for range 20 { // of the largest that are taken, to know the server at work
		s.is("status", s.send(t, "POST", "/graphql", variables(`"`+strings.Repeat("x", most)+`"`), "Content-Type", "application/json").StatusCode, 200)
	}
	s.forgetPeak()
	before := s.peak()
	for what, c := range map[string]struct {
		body    string
		then    int64 // zeros that follow
		length  int64 // -1 for a body that does not say
		headers []string
		status  int
	}{
		"a gigabyte":                    {"", gigabyte, gigabyte, nil, 413},
		"a gigabyte in chunks":          {"", gigabyte, -1, nil, 413},
		"100 megabytes in a gzip":       {bomb(t), 0, -1, []string{"Content-Encoding", "gzip"}, 415},
		"a list of 100,000":             {variables("[" + strings.Repeat("1,", 99_999) + "1]"), 0, -1, nil, 400},
		"an object of 20,000":           {variables("{" + strings.Repeat(`"a":1,`, 19_999) + `"a":1}`), 0, -1, nil, 400},
		"lists 10,000 deep":             {variables(strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990)), 0, -1, nil, 400},
		"lists 100,000 deep":            {variables(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), 0, -1, nil, 400},
		"a list of 10,000 in the query": {`{"query": "{ nodes(ids: [` + strings.Repeat(`1,`, 10_000) + `]) { id } }"}`, 0, -1, nil, 200},
	} {
		s.then(what, func(s stage) {
			for range 5 {
				body := io.MultiReader(strings.NewReader(c.body), io.LimitReader(zeros{}, c.then))
				s.is("status", s.upload(body, c.length, c.headers...), c.status)
			}
		})
	}
	if grown := s.peak() - before; grown > 20<<20 {
		t.Errorf("the server grew by %d MB", grown>>20)
	} else {
		t.Logf("the server grew by %d KiB", grown>>10)
	}
}

// zeros are read without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// bomb is much that is packed into little.
func bomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zeros{}, 100<<20); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// upload sends a body for as long as the server takes it, and returns the status of the answer.
func (s stage) upload(body io.Reader, length int64, headers ...string) int {
	s.Helper()
	c := s.dial()
	defer c.Close()
	r, err := http.NewRequest("POST", "http://mandate.example/graphql", io.NopCloser(body))
	s.must(err)
	r.ContentLength = length
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	go func() { _ = r.Write(c) }() // the server hangs up when it is too much
	status, answer := hear(c)
	if status == 0 {
		s.Errorf("no answer: %s", answer)
	}
	return status
}

// forgetPeak makes the largest size that the process had what it has now.
func (p *process) forgetPeak() {
	p.t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		p.t.Fatal(err)
	}
}

// peak is the largest size that the process had in memory, in bytes.
func (p *process) peak() int {
	p.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		p.t.Fatal(err)
	}
	return kilobytes << 10
}

func (s stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
