package mandate

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// mostURL is the length of the longest URL of a webhook.
const mostURL = 2000

// receiver reads the URL of a webhook: https, without user and fragment. Whether what its name stands for may be connected to
// is looked at whenever something is sent; an address that cannot be is refused here already. Clear text goes only into
// networks that the operator allows.
func (s *Service) receiver(raw string, field ...string) (*url.URL, *Error) {
	raw = strings.TrimSpace(raw)
	switch {
	case raw == "":
		return nil, broken(Required, "This must not be empty.", field...)
	case len(raw) > mostURL:
		return nil, broken(TooLong, fmt.Sprintf("The URL is longer than %d characters.", mostURL), field...)
	}
	u, err := url.Parse(raw)
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if err != nil || strings.ContainsFunc(raw, odd) || u.Opaque != "" || u.User != nil || strings.Contains(raw, "#") || !isHost(u) ||
		u.Scheme != "https" && (u.Scheme != "http" || len(s.Receivers) == 0) {
		return nil, broken(Invalid, "This is not a URL that begins with https://, in ASCII, without a user and without a fragment.", field...)
	}
	permits := s.Receivers.Permits
	if u.Scheme == "http" {
		permits = s.Receivers.Lists
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil && !permits(address) {
		return nil, broken(Invalid, "Nothing is sent to this address: it is not a public one.", field...)
	}
	return u, nil
}

// isHost reports whether a URL has a host, and a port that there can be or none.
func isHost(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Hostname() != "" && (u.Port() == "" && !strings.HasSuffix(u.Host, ":") || err == nil && port > 0)
}

// hostOf is what of a webhook's URL is shown to those who read the audit trail or a mail.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// toldActions reads the actions that a webhook is to be told of, each once; none for all.
func toldActions(list []string) ([]string, Errors) {
	if fault := atMost(len(list), mostAtOnce, "actions", "events"); fault != nil {
		return nil, Errors{fault}
	}
	var faults Errors
	for i, action := range list {
		if !slices.Contains(Actions, action) {
			faults = append(faults, broken(Invalid, "The audit trail has no action of this name.", "events", strconv.Itoa(i)))
		}
	}
	events := distinct(list)
	if events == nil {
		events = []string{}
	}
	return events, faults
}
