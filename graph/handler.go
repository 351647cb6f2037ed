package graph

import (
	"net/http"
	"net/url"

	"mandate/ent"
	"mandate/internal/clock"
	"mandate/internal/mandate"
)

// Config is what the API works with.
type Config struct {
	Client    *ent.Client // reads
	Dialect   string      // Ent's name of the engine
	Service   *mandate.Service
	Clock     clock.Clock
	PublicURL *url.URL
}

// New returns the API as a handler of POST requests. The viewer, the request id and the client's address are in the
// request's context.
func New(c Config) http.Handler { return nil }

// SDL is the schema of the API.
func SDL() string { return "" }
