package main

import (
	"log/slog"
	"regexp"

	"mandate/internal/database"
)

// logger returns the log, from a level on unless another one is set.
func (c siteConfig) logger(t terminal, level slog.Level) (*slog.Logger, error) {
	switch c.LogLevel {
	case "":
	case "debug", "info", "warn", "error":
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			return nil, bad("MANDATE_LOG_LEVEL", "%w", err)
		}
	default:
		return nil, bad("MANDATE_LOG_LEVEL", "%q is none of debug, info, warn and error", c.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: discreet}
	switch c.Log {
	case "", "text":
		return slog.New(slog.NewTextHandler(t.err, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(t.err, options)), nil
	default:
		return nil, bad("MANDATE_LOG", "%q is neither text nor json", c.Log)
	}
}

// mailAddress is what looks like one.
var mailAddress = regexp.MustCompile(`[^\s<>"'(),:;]+@[^\s<>"'(),:;]+`)

// discreet keeps errors from telling the log what people typed: databases and mail servers repeat what they refuse.
func discreet(_ []string, a slog.Attr) slog.Attr {
	var err error
	if a.Value.Kind() == slog.KindAny { // all else would be allocated anew to be looked at
		err, _ = a.Value.Any().(error)
	}
	text := ""
	switch {
	case err != nil:
		text = database.Wording(err)
	case a.Key == "error":
		text = a.Value.String()
	default:
		return a
	}
	return slog.String(a.Key, mailAddress.ReplaceAllString(text, "…@…"))
}
