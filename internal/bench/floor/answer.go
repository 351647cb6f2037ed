package floor

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// answer is JSON that is written piece by piece, as the API writes it.
type answer []byte

func (a *answer) raw(s string) { *a = append(*a, s...) }

func (a *answer) int(n int) { *a = strconv.AppendInt(*a, int64(n), 10) }

func (a *answer) bool(b bool) { *a = strconv.AppendBool(*a, b) }

// begin starts the i-th element of a list.
func (a *answer) begin(i int) {
	if i > 0 {
		*a = append(*a, ',')
	}
}

// text writes a string; what has to be escaped in it is escaped as encoding/json does.
func (a *answer) text(s []byte) {
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0xE2 { // U+2028 and U+2029 begin with it
			b, _ := json.Marshal(string(s)) // a string
			*a = append(*a, b...)
			return
		}
	}
	*a = append(append(append(*a, '"'), s...), '"')
}

func (a *answer) string(s string) { a.text([]byte(s)) }

func (a *answer) nullable(s sql.NullString) {
	if !s.Valid {
		a.raw("null")
		return
	}
	a.string(s.String)
}

// name writes a person's, of first and last.
func (a *answer) name(first, last []byte) {
	a.text(first)
	at := len(*a) - 1
	*a = (*a)[:at]
	a.text(last)
	(*a)[at] = ' ' // in the place of two quotation marks
}

func (a *answer) time(t time.Time) {
	*a = t.UTC().AppendFormat(append(*a, '"'), "2006-01-02T15:04:05.999999Z07:00")
	*a = append(*a, '"')
}

// pageInfo writes where a page stands. Without rows there is no cursor.
func (a *answer) pageInfo(more bool, place ...any) {
	a.raw(`"pageInfo":{"hasNextPage":`)
	a.bool(more)
	a.raw(`,"endCursor":`)
	if place == nil {
		a.raw("null}")
		return
	}
	b, _ := json.Marshal(place) // strings and numbers
	*a = append(*a, '"')
	*a = base64.RawURLEncoding.AppendEncode(*a, b)
	a.raw(`"}`)
}

// end ends the answer with what the operation costs.
func (a *answer) end(braces string, cost int) {
	a.raw(braces)
	a.raw(`,"extensions":{"cost":{"requested":`)
	a.int(cost)
	a.raw(`,"limit":5000}}}`)
}

// place is where the last row of a page stands in its list, kept while rows are read one into the place of the other.
type place struct{ name, id []byte }

func (p *place) set(name, id []byte) {
	p.name, p.id = append(p.name[:0], name...), append(p.id[:0], id...)
}

// of is the content of a cursor; nil without a row.
func (p *place) of(kind string) []any {
	if len(p.id) == 0 {
		return nil
	}
	return []any{kind, string(p.name), string(p.id)}
}

// cursor is where a tenant stands in the order of names.
type cursor struct{ sortName, id string }

func readCursor(s string) (c cursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return c, errNotMeasured
	}
	var place []string
	if err := json.Unmarshal(b, &place); err != nil || len(place) != 3 || place[0] != "t" || !utf8.ValidString(place[1]+place[2]) {
		return c, errNotMeasured
	}
	return cursor{place[1], place[2]}, nil
}

// places writes n placeholders.
func places(n int) string {
	if n == 0 {
		return "NULL"
	}
	return strings.Repeat("?,", n-1) + "?"
}
