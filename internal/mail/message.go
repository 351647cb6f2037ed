package mail

import (
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// Message is a letter on its way to one person.
type Message struct {
	// MessageID identifies the message to mail systems, with or without its angle brackets. It is used as it is: a
	// second try with the same one can be recognised as a duplicate.
	MessageID string
	// From is the sender's address, with or without a name; empty for the one given to Open.
	From string
	// To is the one receiver's address.
	To string
	Letter
}

// WriteTo writes m as it goes over the wire.
func (m Message) WriteTo(w io.Writer) (int64, error) {
	msg, err := m.compose(nil)
	if err != nil {
		return 0, err
	}
	return msg.WriteTo(w)
}

// compose gives m the form that goes over the wire: text and HTML as alternatives, marked as written by a machine so
// that nobody's out-of-office reply answers it. Its errors are final; trying again cannot mend them.
func (m Message) compose(from *netmail.Address) (*gomail.Msg, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(m.MessageID, "<"), ">")
	if !validMessageID(id) {
		return nil, errors.New("the Message-ID is not of the form name@domain")
	}
	if m.From != "" {
		var err error
		if from, err = netmail.ParseAddress(m.From); err != nil {
			return nil, fmt.Errorf("the sender's address is not valid: %w", err)
		}
	}
	if from == nil {
		return nil, errors.New("the message has no sender")
	}
	to, err := netmail.ParseAddress(m.To)
	if err != nil {
		return nil, fmt.Errorf("the receiver's address is not valid: %w", err)
	}

	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&netmail.Address{Address: to.Address})
	msg.SetMessageIDWithValue(id)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.Subject(subject(m.Subject))
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// validMessageID wants printable ASCII around one @ and nothing that could end the header or its brackets.
func validMessageID(id string) bool {
	left, right, found := strings.Cut(id, "@")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' || r == '@' }
	return found && left != "" && right != "" && !strings.ContainsFunc(left+right, odd)
}
