package server

import (
	"log"
	"log/slog"
	"regexp"
	"strings"
)

// clientAddress is where a connection comes from, in the words of net/http.
var clientAddress = regexp.MustCompile(`\[[0-9A-Fa-f:.%]+\]:\d+|\b\d+\.\d+\.\d+\.\d+:\d+`)

// complaints writes what net/http complains about to the log, without the addresses of clients.
type complaints struct{ to *slog.Logger }

// Write takes one line.
func (c complaints) Write(line []byte) (int, error) {
	c.to.Warn(clientAddress.ReplaceAllString(strings.TrimSpace(string(line)), "a client"))
	return len(line), nil
}

func (s *Server) complaints() *log.Logger { return log.New(complaints{s.Log}, "", 0) }
