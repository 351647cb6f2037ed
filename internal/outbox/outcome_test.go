package outbox

import (
	"errors"
	"strings"
	"testing"

	"mandate/ent"
)

// TestAReasonNamesNobody: mail servers repeat the address that they refuse, and not always as it was written.
func TestAReasonNamesNobody(t *testing.T) {
	t.Parallel()
	m := &ent.OutboxMessage{Recipient: "Kim.Lee@Contoso.example", RecipientCanonical: "kim.lee@contoso.example"}
	idn := &ent.OutboxMessage{Recipient: "Kim.Lee@bücher.example", RecipientCanonical: "kim.lee@xn--bcher-kva.example"}
	for answer, m := range map[string]*ent.OutboxMessage{
		"550 5.1.1 <Kim.Lee@Contoso.example>: no such user": m,
		"550 5.1.1 <kim.lee@contoso.example>: no such user": m,
		"550 KIM.LEE@CONTOSO.EXAMPLE... User unknown":       m,
		"550 <Kim.Lee@bücher.example> no such user":         idn,
		"550 <Kim.Lee@xn--bcher-kva.example> no such user":  idn,
	} {
		got := reason(errors.New(answer), m)
		if strings.Contains(strings.ToLower(got), "lee") || !strings.Contains(got, "the receiver") || !strings.HasPrefix(got, "550") {
			t.Errorf("of %q it keeps %q", answer, got)
		}
	}
}
