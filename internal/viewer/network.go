package viewer

import "net/netip"

const networkBits = 64 // of an IPv6 address: whoever has one has all that begin so

// Network names what a client's address stands for wherever clients are counted: an IPv4 address itself, and of an IPv6
// address the network of 64 bits; "" for what is no address.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	network, _ := a.Prefix(networkBits) // an IPv6 address has as many
	return network.String()
}
