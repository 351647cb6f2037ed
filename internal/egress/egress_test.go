package egress_test

import (
	"errors"
	"net/netip"
	"testing"

	"mandate/internal/egress"
)

func TestT26OnlyPublicAddressesArePermitted(t *testing.T) {
	t.Parallel()
	for _, public := range []string{"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "169.253.255.255", "172.15.0.1", "172.32.0.1",
		"192.0.1.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "2001:200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"} {
		if !(egress.Allowed)(nil).Permits(netip.MustParseAddr(public)) {
			t.Errorf("%s is refused", public)
		}
	}
	for _, inside := range []string{"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::1",
		"100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
		"fec0::1", "ff02::1"} {
		if (egress.Allowed)(nil).Permits(netip.MustParseAddr(inside)) {
			t.Errorf("%s is permitted", inside)
		}
	}
	if (egress.Allowed)(nil).Permits(netip.Addr{}) {
		t.Error("no address is permitted")
	}
}

func TestAllowedNetworksArePermittedToo(t *testing.T) {
	t.Parallel()
	allowed := egress.Allowed{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}
	for address, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "fd00:1::5": true, "fd00:2::5": false, "8.8.8.8": true, "127.0.0.1": false} {
		if got := allowed.Permits(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is permitted: %v", address, got)
		}
	}
}

func TestControlLooksAtTheAddressConnectedTo(t *testing.T) {
	t.Parallel()
	control := egress.Control(egress.Allowed(nil).Permits)
	for _, c := range []struct {
		network, address string
		refused          bool
	}{
		{"tcp4", "8.8.8.8:443", false}, {"tcp6", "[2606:4700::1111]:443", false}, {"tcp4", "127.0.0.1:443", true}, {"tcp6", "[::1]:443", true},
		{"tcp6", "[fe80::1%eth0]:443", true}, {"udp4", "8.8.8.8:443", true}, {"unix", "/run/socket", true}, {"tcp4", "localhost:443", true},
	} {
		if err := control(t.Context(), c.network, c.address, nil); errors.Is(err, egress.ErrForbidden) != c.refused {
			t.Errorf("%s %s: %v", c.network, c.address, err)
		}
	}
}
