// Package graphqlhttp is how GraphQL is spoken over HTTP: the requests that are understood, the media types of answers, and
// what is said to requests that are not understood. It follows the GraphQL-over-HTTP specification.
package graphqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"
)

// The bounds of a request.
const (
	MostBytes = 256 << 10 // of a body
	mostItems = 2000      // of a list, or fields of an object: twice what any operation takes, which says itself which list is too long
	mostDepth = 32        // of lists and objects in one another
)

// Request is what a client asks. Whether it names an operation is not looked at.
type Request struct {
	Query         string         `json:"query"`
	DocumentID    string         `json:"documentId"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// methods are those that are answered.
const methods = "GET, HEAD, OPTIONS, POST"

// Read reads a request: by POST from a JSON body, by GET and HEAD from the URL. Without a request it returns why, and has
// set the headers that go with that.
func Read(w http.ResponseWriter, r *http.Request) (*Request, *Refusal) {
	var read func(http.ResponseWriter, *http.Request) (*Request, *Refusal)
	switch r.Method {
	case http.MethodPost:
		read = readBody
	case http.MethodGet, http.MethodHead:
		read = readURL
	default:
		w.Header().Set("Allow", methods)
		return nil, bad(http.StatusMethodNotAllowed, "Send queries by GET or POST, mutations by POST.")
	}
	if _, ok := Accepts(r); !ok && !Streams(r) {
		return nil, bad(http.StatusNotAcceptable, "Answers are "+Response+" or "+JSON+", those of subscriptions "+Events+", in UTF-8.")
	}
	return read(w, r)
}

// Options tells which methods are answered.
func Options(w http.ResponseWriter) {
	w.Header().Set("Allow", methods)
	w.WriteHeader(http.StatusNoContent)
}

func bad(status int, message string) *Refusal { return &Refusal{status, "BAD_USER_INPUT", message} }

func readBody(w http.ResponseWriter, r *http.Request) (*Request, *Refusal) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != JSON || !utf8Only(params) {
		return nil, bad(http.StatusUnsupportedMediaType, "Send operations as "+JSON+", in UTF-8.")
	}
	if coding := strings.Join(r.Header.Values("Content-Encoding"), ","); coding != "" && !strings.EqualFold(coding, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		return nil, bad(http.StatusUnsupportedMediaType, "Send operations uncompressed.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MostBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, bad(http.StatusRequestEntityTooLarge, fmt.Sprintf("The request is larger than %d KiB.", MostBytes>>10))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, bad(http.StatusRequestTimeout, "The request took too long to come.")
	case err != nil:
		return nil, bad(http.StatusBadRequest, "The request broke off.")
	}
	var request Request
	if fault := Decode(body, &request); fault != nil {
		return nil, fault
	}
	return &request, nil
}

func readURL(_ http.ResponseWriter, r *http.Request) (*Request, *Refusal) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad(http.StatusBadRequest, "The parameters of the URL cannot be read.")
	}
	request := &Request{Query: params.Get("query"), DocumentID: params.Get("documentId"), OperationName: params.Get("operationName")}
	for name, into := range map[string]*map[string]any{"variables": &request.Variables, "extensions": &request.Extensions} {
		if value := params.Get(name); value != "" {
			if fault := Decode([]byte(value), into); fault != nil {
				return nil, fault
			}
		}
	}
	return request, nil
}

// Decode reads a JSON value that a client sent, within bounds. Numbers stay as they are written.
func Decode(value []byte, into any) *Refusal {
	malformed := bad(http.StatusBadRequest, "The request is not a JSON object with query, variables, operationName and extensions.")
	switch {
	case !utf8.Valid(value) || !json.Valid(value):
		return malformed
	case !bounded(value):
		return bad(http.StatusBadRequest, fmt.Sprintf("The request holds a list of more than %d items, or is nested deeper than %d levels.", mostItems, mostDepth))
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return malformed
	}
	return nil
}

// bounded reports whether no list of a JSON value is too long and nothing in it too deep, before any of it takes memory.
func bounded(value []byte) bool {
	var items [mostDepth]int // in each of the lists and objects that are open
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth == mostDepth {
				return false
			}
			items[depth] = 1
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',':
			if items[depth-1]++; items[depth-1] > mostItems {
				return false
			}
		}
	}
	return true
}
