package graphqlhttp

import (
	"encoding/json"
	"net/http"

	"mandate/internal/viewer"
)

// Refusal is why a request is not answered: a status, a code for machines and a sentence for people. It holds nothing of
// the request, which may be secret.
type Refusal struct {
	Status  int
	Code    string
	Message string
}

// What is told in more than one place.
var (
	NoSession   = Refusal{http.StatusUnauthorized, "UNAUTHENTICATED", "This token does not work: the session has ended, or the API token is revoked or expired."}
	Unavailable = Refusal{http.StatusServiceUnavailable, "UNAVAILABLE", "The service cannot answer now. Try again."}
)

// refused is the answer to a request that is refused: it has no data.
type refused struct {
	Errors []failure `json:"errors"`
}

type failure struct {
	Message    string     `json:"message"`
	Extensions extensions `json:"extensions"`
}

type extensions struct {
	Code      string `json:"code"`
	RequestID string `json:"requestId"`
}

// Refuse answers a request that is not carried out.
func Refuse(w http.ResponseWriter, r *http.Request, f Refusal) {
	mediaType, _ := Accepts(r)
	Write(w, mediaType, f.Status, refused{[]failure{{f.Message, extensions{f.Code, viewer.From(r.Context()).RequestID}}}})
}

// Written is a body that is JSON already.
type Written []byte

// Write answers with a status and a body. A client that was told that the service cannot answer may ask again after a second.
func Write(w http.ResponseWriter, mediaType string, status int, body any) {
	b, written := body.(Written)
	if !written {
		var err error
		if b, err = json.Marshal(body); err != nil {
			panic(err) // the program's fault: answers are made of what can be written
		}
	}
	w.Header().Set("Content-Type", mediaType+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that has gone hears nothing
}
