package viewer_test

import (
	"testing"

	"mandate/internal/viewer"
)

func TestNetworksAreWhatOneClientHas(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64",
		"2001:db8:1:3::1": "2001:db8:1:3::/64", "fe80::1%eth0": "fe80::/64", "": "", "192.0.2.7:80": "", "nonsense": "", "192.0.2.07": "",
	} {
		if got := viewer.Network(address); got != want {
			t.Errorf("%q belongs to %q, want %q", address, got, want)
		}
	}
}
