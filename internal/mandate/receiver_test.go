package mandate

import (
	"net/netip"
	"testing"

	"mandate/internal/egress"
)

// TestWhereTheOperatorLetsWebhooksLead: an allowed network may be named, and in clear text only such a one.
func TestWhereTheOperatorLetsWebhooksLead(t *testing.T) {
	t.Parallel()
	allowed := egress.Allowed{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}
	for url, want := range map[string]bool{
		"https://10.1.2.3/hook": true, "http://10.1.2.3:8080/": true, "http://[::1]/": true, "https://10.2.0.1/": false, "http://10.2.0.1/": false, "http://8.8.8.8/": false,
		"https://8.8.8.8/": true, "http://hooks.internal/": true, "https://hooks.internal/": true, "ftp://10.1.2.3/": false, "http://user@10.1.2.3/": false, "https://127.0.0.1/": false,
	} {
		s := &Service{Config: Config{Receivers: allowed}}
		if _, fault := s.receiver(url, "url"); (fault == nil) != want || fault != nil && faultOf(fault) != "INVALID at input.url" {
			t.Errorf("%s: %v", url, fault)
		}
	}
	if _, fault := new(Service).receiver("http://hooks.internal/", "url"); fault == nil {
		t.Error("clear text is taken where nothing is allowed")
	}
}
