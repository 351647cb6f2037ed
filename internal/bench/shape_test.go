package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	further = `{"data":{"customers":{"pageInfo":{"hasNextPage":true,"endCursor":"further"}}}}`
	last    = `{"data":{"customers":{"pageInfo":{"hasNextPage":false,"endCursor":"last"}}}}`
)

func TestGrowthIsMeasuredAgainstTheSmallWorld(t *testing.T) {
	t.Parallel()
	small, large := stubSite(stub(t, 2*time.Millisecond, further), nil), stubSite(stub(t, 40*time.Millisecond, further), nil)
	large.product.address = quickWalk(t, large.product.address)
	list, err := shapes(t.Context(), effort{round: 100 * time.Millisecond, rounds: 1}, small, large)
	if err != nil {
		t.Fatal(err)
	}
	for i, slower := range []bool{true, false, true} {
		s := list[i]
		const clearly = 3 // 20 times as long is meant
		if (s.Latency() > clearly) != slower || (s.Rate() > clearly) != slower {
			t.Errorf("%s: %.2f times longer, %.2f times fewer", s.Title, s.Latency(), s.Rate())
		}
	}
}

// quickWalk answers walks at once, and leaves other requests to a server.
func quickWalk(t *testing.T, address string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), "nodes") {
			fmt.Fprint(w, further)
			return
		}
		answer, err := http.Post("http://"+address, "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		_, _ = io.Copy(w, answer.Body)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestWalkGoesFromCursorToCursor(t *testing.T) {
	t.Parallel()
	var asked []string
	var pages atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, variables, _ := strings.Cut(string(body), `"variables":`)
		asked = append(asked, variables)
		fmt.Fprint(w, strings.Replace(further, "further", fmt.Sprint("to", pages.Add(1)), 1))
	}))
	t.Cleanup(s.Close)
	site := stubSite(&server{address: s.Listener.Addr().String()}, nil)
	cursor, err := site.cursor(t.Context(), 250)
	if err != nil || cursor != "to3" {
		t.Errorf("%s, %v", cursor, err)
	}
	if got, want := strings.Join(asked, " "), `{"after":null,"first":100}} {"after":"to1","first":100}} {"after":"to2","first":50}}`; got != want {
		t.Errorf("asked %s", got)
	}
	if _, err := stubSite(stub(t, 0, last), nil).cursor(t.Context(), 250); err == nil || !strings.Contains(err.Error(), "ends 150 customers too early") {
		t.Errorf("a list that is too short: %v", err)
	}
}
