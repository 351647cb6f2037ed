package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mandate/ent"
	"mandate/internal/egress"
)

const (
	sendLimit    = 15 * time.Second // for one delivery, from looking the name up to the end of the answer
	mostHeaders  = 16 << 10         // of an answer
	mostBody     = 64 << 10         // that is read of an answer, to be thrown away
	secretPrefix = "whsec_"
)

// sender sends deliveries.
type sender struct{ secure, clear *http.Client }

// newSender returns a sender that connects to public addresses, and to networks that are allowed: in the clear to these only.
// The resolver is the system's, if it is nil.
func newSender(allowed egress.Allowed, resolver *net.Resolver) *sender {
	return &sender{client(allowed.Permits, resolver), client(allowed.Lists, resolver)}
}

func client(permits func(netip.Addr) bool, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: sendLimit, ControlContext: egress.Control(permits), Resolver: resolver}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSHandshakeTimeout: sendLimit, DisableCompression: true,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: sendLimit, MaxResponseHeaderBytes: mostHeaders,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what came of sending: the status, 0 without any, and why that is not a delivery, "" if it is one. It says nothing of
// the network that the program is in, nor what the receiver wrote.
type answer struct {
	status  int
	refusal string
}

// send sends d once.
func (s *sender) send(ctx context.Context, d *ent.WebhookDelivery, now time.Time) answer {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	r, err := request(ctx, d, now)
	if err != nil {
		return answer{refusal: "The URL cannot be used."}
	}
	to := s.secure
	if r.URL.Scheme == "http" {
		to = s.clear
	}
	response, err := to.Do(r)
	if err != nil {
		return answer{refusal: reason(err)}
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, mostBody) // what it says does not matter, nor whether it comes to an end
	switch n := response.StatusCode; {
	case n >= 200 && n < 300:
		return answer{status: n}
	case n >= 300 && n < 400:
		return answer{n, fmt.Sprintf("The receiver answered %d: redirects are not followed.", n)}
	default:
		return answer{n, fmt.Sprintf("The receiver answered %d.", n)}
	}
}

// request makes the request of one try, signed for its moment.
func request(ctx context.Context, d *ent.WebhookDelivery, now time.Time) (*http.Request, error) {
	hook := d.Edges.Webhook
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, strings.NewReader(d.Payload))
	if err != nil {
		return nil, err
	}
	at := strconv.FormatInt(now.Unix(), 10)
	signatures, err := sign(hook.Secret, d.EventID, at, d.Payload)
	if err != nil {
		return nil, err
	}
	if hook.PreviousSecret != nil && hook.PreviousUntil != nil && now.Before(*hook.PreviousUntil) {
		previous, err := sign(*hook.PreviousSecret, d.EventID, at, d.Payload)
		if err != nil {
			return nil, err
		}
		signatures += " " + previous
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Mandate")
	r.Header.Set("Webhook-Id", d.EventID)
	r.Header.Set("Webhook-Timestamp", at)
	r.Header.Set("Webhook-Signature", signatures)
	return r, nil
}

// sign signs a message as Standard Webhooks has it: https://www.standardwebhooks.com.
func sign(secret, id, timestamp, body string) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return "", errors.New("the secret is not one")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// reason says why there is no answer. A name that leads nowhere and one that leads to where nothing is sent are the same: what
// names there are inside is nobody's business.
func reason(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var failed *url.Error
	var dial *net.OpError
	switch {
	case errors.Is(err, egress.ErrForbidden), errors.As(err, &name):
		return "The URL's host leads to no address that is allowed."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &failed) && failed.Timeout():
		return fmt.Sprintf("There was no answer within %d seconds.", int(sendLimit.Seconds()))
	case errors.As(err, &certificate):
		return "The receiver did not prove who it is: its TLS certificate cannot be trusted."
	case errors.As(err, &dial) && dial.Op == "dial":
		return "The receiver did not accept the connection."
	}
	return "The connection broke before there was an answer."
}
