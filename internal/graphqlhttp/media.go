package graphqlhttp

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	JSON     = "application/json"                  // status 200 for every operation that could be read
	Response = "application/graphql-response+json" // the status says what became of the operation
	Events   = "text/event-stream"                 // what a subscription tells, as it happens
)

// Accepts returns the media type in which the client wants its answer. A client that names neither, */* included, gets
// JSON; one that names both with the same weight gets Response. When it takes neither, ok is false, and JSON is what it is
// told so in.
func Accepts(r *http.Request) (mediaType string, ok bool) {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return JSON, true
	}
	json, response := weigh(header, JSON), weigh(header, Response)
	switch {
	case json.weight <= 0 && response.weight <= 0:
		return JSON, false
	case response.weight > json.weight, response.weight == json.weight && response.precision == named:
		return Response, true
	}
	return JSON, true
}

// How precisely a media range names a media type.
const (
	anything = iota + 1 // */*
	subtypes            // such as application/*
	named               // the type itself
)

// preference is how much a client wants a media type, and how precisely it said so.
type preference struct {
	weight    float64 // from 0 to 1
	precision int
}

// weigh finds what an Accept header says of a media type: the most precise range that covers it decides. Ranges that
// cannot be read are passed over.
func weigh(header, mediaType string) preference {
	var best preference
	for part := range strings.SplitSeq(header, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil || !utf8Only(params) {
			continue
		}
		p := preference{weight: 1, precision: covers(name, mediaType)}
		if q, given := params["q"]; given {
			if p.weight, err = strconv.ParseFloat(q, 64); err != nil || p.weight < 0 || p.weight > 1 {
				continue
			}
		}
		if p.precision > best.precision || p.precision > 0 && p.precision == best.precision && p.weight > best.weight {
			best = p
		}
	}
	return best
}

// covers tells how precisely a media range names a media type; 0 when it does not.
func covers(mediaRange, mediaType string) int {
	switch mediaRange {
	case mediaType:
		return named
	case mediaType[:strings.Index(mediaType, "/")] + "/*":
		return subtypes
	case "*/*":
		return anything
	}
	return 0
}

// utf8Only reports whether the parameters of a media type leave the encoding at UTF-8, the only one spoken here.
func utf8Only(params map[string]string) bool {
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}
