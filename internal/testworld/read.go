package testworld

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// Read reads an answer that came over the network.
func Read(t testing.TB, r *http.Response) *Answer {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := &Answer{w: &World{t: t}, Status: r.StatusCode, Header: r.Header, Body: string(body)}
	if err := json.Unmarshal(body, &a.parsed); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, body)
	}
	return a
}
