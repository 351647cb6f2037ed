package graph

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"mandate/internal/mandate"
	"mandate/internal/viewer"
)

// Clients make a key for a mutation that they may have to send again, and learn whether it was carried out before.
const (
	attemptHeader  = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
	mostKey        = 255 // characters of a key
)

var errOtherAttempt = &fault{"CONFLICT", "This Idempotency-Key was used with another input before. Make a key for every mutation that you send."}

// attempt finds the key that a client made for its mutation, nil for none. It is heeded for whoever is signed in; without
// that there is nobody in whose name to remember it. A dry run does nothing that could happen twice.
func attempt(ctx context.Context, op *graphql.OperationContext) (*mandate.Attempt, error) {
	key := op.Headers.Get(attemptHeader)
	v := viewer.From(ctx)
	if key == "" || !v.SignedIn() || op.Operation.Operation != ast.Mutation {
		return nil, nil
	}
	if len(key) > mostKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, badInput(fmt.Sprintf("An %s is 1 to %d visible ASCII characters.", attemptHeader, mostKey))
	}
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"})
	if len(fields) != 1 {
		return nil, badInput("With an " + attemptHeader + ", a document has one mutation.")
	}
	name, arguments := fields[0].Name, fields[0].ArgumentMap(op.Variables)
	if input, _ := arguments["input"].(map[string]any); input["dryRun"] == true {
		return nil, nil
	}
	body, err := json.Marshal(withoutPasswords(arguments))
	if err != nil {
		return nil, badInput("The input cannot be read.")
	}
	sum := hmac.New(sha256.New, []byte(key)) // what is kept says nothing about the input to whoever does not know the key
	sum.Write(body)
	return &mandate.Attempt{Key: attemptKey(v, name, key), Body: hex.EncodeToString(sum.Sum(nil))}, nil
}

// attemptKey names a key of a client's for a mutation, together with who asks: a person, whatever the session, in the one
// tenant that they entered, or a token.
func attemptKey(v viewer.Viewer, mutation, key string) string {
	who := v.UserID + " " + v.EnteredTenantID
	if v.Token != nil {
		who = v.Token.ID
	}
	sum := sha256.Sum256([]byte(who + " " + mutation + " " + key))
	return hex.EncodeToString(sum[:])
}

// withoutPasswords leaves passwords out of an input: nothing is to be kept from which they could be guessed.
func withoutPasswords(v any) any {
	switch v := v.(type) {
	case map[string]any:
		rest := make(map[string]any, len(v))
		for name, value := range v {
			if !strings.HasSuffix(strings.ToLower(name), "password") {
				rest[name] = withoutPasswords(value)
			}
		}
		return rest
	case []any:
		rest := make([]any, len(v))
		for i, value := range v {
			rest[i] = withoutPasswords(value)
		}
		return rest
	}
	return v
}

// tellReplayed tells a client that its mutation had been carried out before.
func tellReplayed(h http.Header, a *mandate.Attempt) {
	if a != nil && a.Replayed {
		h.Set(replayedHeader, "true")
	}
}
