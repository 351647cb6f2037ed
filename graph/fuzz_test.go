package graph

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"mandate/graph/model"
	"mandate/internal/viewer"
)

// FuzzDocument: whatever document and variables a client sends, reading it ends, and either it may be executed within its
// cost, or it is refused in few words that do not help to guess.
func FuzzDocument(f *testing.F) {
	api := New(Config{}).(*handler)
	f.Fuzz(func(t *testing.T, document, variables string, signedIn bool) {
		v := viewer.Viewer{RequestID: "req"}
		if signedIn {
			v.UserID = "usr_1"
		}
		ctx := graphql.StartOperationTrace(viewer.With(t.Context(), v))
		params := &graphql.RawParams{Query: document}
		decoder := json.NewDecoder(strings.NewReader(variables))
		decoder.UseNumber()
		_ = decoder.Decode(&params.Variables) // what is no object is none
		op, faults := api.exec.CreateOperationContext(ctx, params)
		if faults == nil {
			if info, ok := op.Stats.GetExtension(costName).(costInfo); !ok || info.Requested < 0 || info.Requested > info.Limit {
				t.Errorf("it may be executed at a cost of %+v", info)
			}
			return
		}
		answer := api.exec.DispatchError(graphql.WithOperationContext(ctx, op), faults)
		body, err := json.Marshal(answer)
		if err != nil || len(body) > 16<<10 || len(answer.Errors) == 0 || len(answer.Errors) > mostErrors {
			t.Errorf("%d errors in %d bytes (%v)", len(answer.Errors), len(body), err)
		}
		for _, e := range answer.Errors {
			switch code := e.Extensions["code"]; code {
			case "BAD_USER_INPUT", "QUERY_TOO_COMPLEX", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED":
			default:
				t.Errorf("the code %v: %s", code, e.Message)
			}
			if strings.Contains(e.Message, "Did you mean") {
				t.Errorf("it helps to guess: %s", e.Message)
			}
		}
	})
}

// FuzzCursor: what is read as a cursor is the place of a row, which is the same when it is written and read again, and every
// other text is refused as one that is none.
func FuzzCursor(f *testing.F) {
	f.Fuzz(func(t *testing.T, cursor string, places uint8, moment bool) {
		columns := int(places%3) + 1
		place, err := decodeCursor("t", columns, moment, cursor)
		if err != nil {
			if bad := new(fault); !errors.As(err, &bad) || bad.code != "BAD_USER_INPUT" || place != nil {
				t.Errorf("%v, %v", place, err)
			}
			return
		}
		if len(place) != columns {
			t.Fatalf("%d places of %d", len(place), columns)
		}
		written := make([]any, columns)
		for i, v := range place {
			switch v := v.(type) {
			case time.Time:
				written[i] = v.UnixMicro()
				if !moment || i > 0 || v.Year() < 1 || v.Year() > 9999 {
					t.Errorf("the instant %v at %d", v, i)
				}
			case string:
				written[i] = v
				if i == columns-1 && strings.ContainsFunc(v, func(r rune) bool { return r == ' ' || r > unicode.MaxASCII }) {
					t.Errorf("the id %q", v)
				}
			default:
				t.Errorf("the value %v", v)
			}
		}
		c := model.Cursor{Kind: "t", ID: written[columns-1].(string)}
		copy(c.By[:], written[:columns-1])
		again, err := decodeCursor("t", columns, moment, c.String())
		if base64.RawURLEncoding.DecodedLen(len(c.String())) > mostCursor {
			return // as it is written here, it is longer than what came
		}
		if diff := cmp.Diff(place, again); err != nil || diff != "" {
			t.Errorf("%v (- first, + again):\n%s", err, diff)
		}
	})
}
