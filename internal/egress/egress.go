// Package egress says which addresses the program may connect to when somebody else chose where: a tenant names a URL, and
// must not reach by it what only this machine or its network reaches.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// ErrForbidden says that an address is none that the program may connect to.
var ErrForbidden = errors.New("the address is not allowed")

// Allowed are the networks that the operator lets tenants reach beside the public internet, such as their own.
type Allowed []netip.Prefix

// global are the IPv6 addresses that are public, but for some.
var global = netip.MustParsePrefix("2000::/3")

// translated are IPv6 addresses behind which stands the IPv4 address that they end with (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// special are addresses that are not public, or through which such can be reached: of the registries of special-purpose
// addresses (RFC 6890), what IPv6 has outside of 2000::/3 apart.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // behind a provider's address translation
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, and where clouds tell machines their secrets
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // protocols
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // relays to 6to4
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),       // protocols, Teredo among them, which embeds IPv4 addresses
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4, which embeds IPv4 addresses
	netip.MustParsePrefix("3fff::/20"),       // documentation
}

// Permits reports whether the program may connect to an address: one that is public, or of a network that is allowed.
func (a Allowed) Permits(address netip.Addr) bool {
	address = address.Unmap()
	if a.Lists(address) {
		return true
	}
	if translated.Contains(address) {
		b := address.As16()
		address = netip.AddrFrom4([4]byte(b[12:]))
	}
	if address.Is6() && !global.Contains(address) {
		return false
	}
	return address.IsValid() && !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(address) })
}

// Lists reports whether an address is of a network that is allowed.
func (a Allowed) Lists(address netip.Addr) bool {
	address = address.Unmap()
	return slices.ContainsFunc(a, func(p netip.Prefix) bool { return p.Contains(address) })
}

// Control is the ControlContext of a net.Dialer: it looks at the address that is about to be connected to, after its name was
// looked up, and so whatever the name was meanwhile made to stand for. It fails with ErrForbidden unless permits says yes.
func Control(permits func(netip.Addr) bool) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || (network != "tcp4" && network != "tcp6") || !permits(to.Addr()) {
			return fmt.Errorf("connect: %w", ErrForbidden)
		}
		return nil
	}
}
