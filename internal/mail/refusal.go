package mail

import (
	"errors"

	gomail "github.com/wneessen/go-mail"
)

// PermanentError is a refusal that trying again will not change: the mail server's final answer (5xx) to the sender,
// the receiver or the message, or a message that cannot be put on the wire at all.
type PermanentError struct {
	// Code is the server's reply code, such as 550; 0 when no server was asked.
	Code int
	// Err says what was refused, in the server's words if it had any. It may name the receiver's address.
	Err error
}

// Error says what was refused.
func (p *PermanentError) Error() string { return p.Err.Error() }

// Unwrap gives the refusal itself.
func (p *PermanentError) Unwrap() error { return p.Err }

// IsPermanent tells whether err holds a PermanentError. Every other error of Send is temporary: try again later.
func IsPermanent(err error) bool {
	var p *PermanentError
	return errors.As(err, &p)
}

// classify makes a PermanentError of a final refusal and leaves every other error alone. A server that asks for
// authentication or encryption refuses the way it was reached, not the message: the operator can mend that, so it is
// temporary.
func classify(err error) error {
	var refusal *gomail.SendError
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Reason {
	case gomail.ErrSMTPMailFrom, gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
	default:
		return err
	}
	switch code := refusal.ErrorCode(); {
	case code == 530, code == 534, code == 535, code == 538:
		return err
	case code >= 500 && code <= 599:
		return &PermanentError{Code: code, Err: err}
	default:
		return err
	}
}
