package mail

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// subjectLimit keeps a subject readable, however long the names in it are.
const subjectLimit = 150

// breaks turns every way to write a line break into "\n".
var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// line reduces s to one line of visible characters: line breaks, controls and runs of blanks become one blank;
// direction overrides, zero-width and other format characters are dropped.
func line(s string) string { return squeeze(s, visible) }

// lines cleans like line but keeps the line breaks, at most one blank line in a row and none at either end. It also
// keeps the two joiners that emoji and several scripts are spelled with.
func lines(s string) []string {
	var out []string
	for l := range strings.SplitSeq(breaks.Replace(s), "\n") {
		l = squeeze(l, visibleOrJoiner)
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	if n := len(out); n > 0 && out[n-1] == "" {
		out = out[:n-1]
	}
	return out
}

// subject is line, cut to a length and with the marks broken that a mail reader would decode ("=?utf-8?…").
func subject(s string) string {
	s = strings.ReplaceAll(line(s), "=?", "= ?")
	if r := []rune(s); len(r) > subjectLimit {
		s = strings.TrimSpace(string(r[:subjectLimit-1])) + "…"
	}
	return s
}

func squeeze(s string, keep func(rune) rune) string {
	return strings.Join(strings.Fields(strings.Map(keep, s)), " ")
}

// visible maps a character to itself, to a blank (controls and every kind of space), or to nothing (format characters).
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.IsControl(r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	default:
		return r
	}
}

func visibleOrJoiner(r rune) rune {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r == nonJoiner || r == joiner {
		return r
	}
	return visible(r)
}

// moment prints t for readers in any time zone: "28 November 2026, 14:05 UTC".
func moment(t time.Time) string {
	return t.UTC().Format("2 January 2006, 15:04") + " UTC"
}

// span prints d in the largest unit that fits it exactly: "7 days", "1 hour", "30 minutes".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day && d%day == 0:
		return count(int(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return count(int(d/time.Hour), "hour")
	default:
		return count(int(d.Round(time.Minute)/time.Minute), "minute")
	}
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
