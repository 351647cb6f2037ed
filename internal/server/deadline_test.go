package server

import (
	"net/http"
	"testing"
	"time"
)

// TestWorkOnARequestEnds: what a request sets off has ten seconds, for the API and for the pages.
func TestWorkOnARequestEnds(t *testing.T) {
	t.Parallel()
	for path, method := range map[string]string{"/graphql": "POST", "/invitation?token=x": "GET"} {
		var left time.Duration
		w := newWorld(t, func(c *Config) {
			c.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if at, ok := r.Context().Deadline(); ok {
					left = time.Until(at)
				}
				_, _ = w.Write([]byte(`{"data": {}}`))
			})
			c.Pages = c.API
		})
		w.ask(method, path, question)
		if left < requestLimit/2 || left > requestLimit {
			t.Errorf("%s: %v are left", path, left)
		}
	}
}
