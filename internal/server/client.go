package server

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedHeader is where a proxy says whom it speaks for. Every proxy on the way adds one address at the end.
const forwardedHeader = "X-Forwarded-For"

// client is the address that a request came from: that of the connection, or, when that is a trusted proxy's, the last one
// that the proxies name and that is none of theirs. What stands before it was said by nobody who is trusted. It is the zero
// address when the connection has none.
func (s *Server) client(r *http.Request) netip.Addr {
	address := peer(r)
	if !s.trusts(address) {
		if r.Header.Get(forwardedHeader) != "" {
			s.warnOfProxy.Do(func() {
				s.Log.Warn("a proxy that is not trusted names clients: all who come through it count as one; name it in MANDATE_TRUSTED_PROXIES if it is yours")
			})
		}
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values(forwardedHeader), ","), ",")
	for _, hop := range slices.Backward(hops) {
		named, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			return address
		}
		if address = named; !s.trusts(address) {
			return address
		}
	}
	return address
}

// trusts reports whether an address is that of a proxy of ours.
func (s *Server) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// peer is the address at the other end of the connection; the zero address when it has none.
func peer(r *http.Request) netip.Addr {
	address, _ := hopAddress(r.RemoteAddr)
	return address
}

// hopAddress reads an address, with or without a port.
func hopAddress(s string) (netip.Addr, bool) {
	if both, err := netip.ParseAddrPort(s); err == nil {
		return both.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return address.Unmap().WithZone(""), err == nil
}
