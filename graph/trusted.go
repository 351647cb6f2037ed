package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// TrustedDocuments are the documents that a server executes, by their ids, when it executes no others. A nil map is for
// a server that executes every document.
type TrustedDocuments map[string]string

// hashPrefix is how the ids of documents begin that are SHA-256 sums, for clients that say so.
const hashPrefix = "sha256:"

// ReadTrustedDocuments reads a manifest: a JSON object of documents by their ids, as Relay's compiler writes it, or
// Apollo's persisted query manifest. It fails on a document that the schema or the limits do not let pass, and names it.
func ReadTrustedDocuments(manifest []byte) (TrustedDocuments, error) {
	found, err := parseManifest(manifest)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("the manifest lists no document")
	}
	reading, t := newDocuments(true), make(TrustedDocuments, len(found))
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if _, faults := reading.read(context.Background(), found[id]); faults != nil {
			return nil, fmt.Errorf("the document %q is not valid: %s", id, faults[0].Message)
		}
		t[strings.TrimPrefix(id, hashPrefix)] = found[id]
	}
	return t, nil
}

func parseManifest(manifest []byte) (map[string]string, error) {
	var apollo struct {
		Format     string
		Version    int
		Operations []struct{ ID, Body string }
	}
	if err := json.Unmarshal(manifest, &apollo); err == nil && apollo.Format != "" {
		if apollo.Format != "apollo-persisted-query-manifest" || apollo.Version != 1 {
			return nil, fmt.Errorf("the manifest has the format %q, version %d, which is unknown here", apollo.Format, apollo.Version)
		}
		documents := make(map[string]string, len(apollo.Operations))
		for _, o := range apollo.Operations {
			documents[o.ID] = o.Body
		}
		return documents, nil
	}
	var documents map[string]string
	if err := json.Unmarshal(manifest, &documents); err != nil {
		return nil, errors.New("the manifest is neither a JSON object of documents by their ids nor an Apollo persisted query manifest")
	}
	return documents, nil
}

// choose puts the text of the document that a request names by its id, or as a persisted query, in place.
func (t TrustedDocuments) choose(params *graphql.RawParams, id string) error {
	if t == nil {
		return nil
	}
	if persisted, ok := params.Extensions["persistedQuery"].(map[string]any); ok && id == "" {
		id, _ = persisted["sha256Hash"].(string)
	}
	text, trusted := t[strings.TrimPrefix(id, hashPrefix)]
	if !trusted || params.Query != "" && params.Query != text {
		return badInput("This server executes trusted documents only: name one of them by documentId.")
	}
	params.Query = text
	return nil
}
