package mandate

import "testing"

func TestMaskedAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"kim@contoso.example": "k…@contoso.example", "k@contoso.example": "k…@contoso.example", "élise@contoso.example": "é…@contoso.example",
		`"a@b"@contoso.example`: `"…@contoso.example`, "@contoso.example": "…@contoso.example", "kim": "k…", "": "…",
	} {
		if got := Masked(address); got != want {
			t.Errorf("%q is shown as %q; want %q", address, got, want)
		}
	}
}
