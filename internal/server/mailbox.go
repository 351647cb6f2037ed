package server

import (
	"net/http"
	"strings"
	"time"
)

// Letter is a mail of the outbox, for the page /mailbox.
type Letter struct {
	ID                      string
	At                      time.Time
	To, Subject, Text, HTML string
	State                   string // in words
}

// Framed is the HTML part, with links that open outside of the frame that shows it.
func (l Letter) Framed() string {
	return strings.Replace(l.HTML, "<head>", `<head><base target="_blank">`, 1)
}

// Mails are shown as they are, with the styles in them; their links open in a page of their own.
const letterPolicy = "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// mailbox lists the mails that a demo would have sent.
func (s *Server) mailbox(w http.ResponseWriter, r *http.Request) {
	s.page(func(v *visit, _ *http.Request) (page, error) {
		letters, err := s.Mailbox(v.ctx)
		return page{name: "mailbox", title: "Mailbox", data: letters}, err
	})(w, r)
}

// letter shows one of them.
func (s *Server) letter(w http.ResponseWriter, r *http.Request) {
	s.page(func(v *visit, r *http.Request) (page, error) {
		letters, err := s.Mailbox(v.ctx)
		for _, l := range letters {
			if l.ID == r.PathValue("id") {
				return page{name: "letter", title: l.Subject, data: l}, err
			}
		}
		return gone(), err
	})(w, r)
}
