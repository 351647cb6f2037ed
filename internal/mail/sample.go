package mail

import "time"

// Sample is a letter with made-up values.
type Sample struct {
	// Name is in lower case, with hyphens.
	Name     string
	Template Template
}

// Samples returns every kind of letter that there is, some in several forms.
func Samples() []Sample {
	const day = 24 * time.Hour
	at := time.Date(2026, 11, 28, 14, 5, 0, 0, time.UTC)
	end := time.Date(2027, 1, 2, 3, 4, 0, 0, time.UTC)
	link := func(path string) string { return "https://portal.example/" + path }
	secret := link("invitation?token=Zm9yIHNob3cgb25seQ-_&x=1")
	message := "Hello Kim,\nas agreed on the phone.\n\nDana"
	return []Sample{
		{"invitation-to-customer", InvitationToCustomer{"Acme Cloud & Söhne", "managed service provider", "Administrator", message, at, end, secret}},
		{"invitation-to-customer-bare", InvitationToCustomer{"Acme Cloud & Söhne", "reseller", "Administrator", "", at, time.Time{}, secret}},
		{"invitation-to-partner", InvitationToPartner{"Contoso", "Administrator", message, at, link("invitation?id=inv_1")}},
		{"invitation-to-partner-without-link", InvitationToPartner{"Contoso", "Administrator", "", at, ""}},
		{"invitation-accepted", InvitationAccepted{"Contoso", "Prime Admin", end, link("customers")}},
		{"invitation-declined", InvitationDeclined{"Contoso", "We have a partner already."}},
		{"invitation-revoked", InvitationRevoked{"Acme Cloud & Söhne"}},
		{"relationship-offer", RelationshipOffer{"Acme Cloud & Söhne", "Read-Only", "Administrator", end, message, at, link("invitation?id=inv_1"), 30}},
		{"relationship-extended", RelationshipExtended{"Contoso", 30, end}},
		{"relationship-ended", RelationshipEnded{"Contoso", "Acme Cloud & Söhne", "The contract is over.", at}},
		{"relationship-ended-by-its-end", RelationshipEnded{"Contoso", "", "", at}},
		{"access-ending", AccessEnding{"Acme Cloud & Söhne", "Contoso", end, 30}},
		{"access-ending-tomorrow", AccessEnding{"Sam Miles", "Contoso", end, 1}},
		{"access-ended", AccessEnded{"Sam Miles", "Contoso", at}},
		{"accesses-ending", Accesses{AccessesEnding, []Access{{"Sam Miles", "Contoso", at}, {"Night shift", "Old Mill Bakery", end}}}},
		{"accesses-ended", Accesses{AccessesEnded, []Access{{"Sam Miles", "Contoso", at}, {"Night shift", "Old Mill Bakery", at}}}},
		{"accesses-extended", Accesses{AccessesExtended, []Access{{"Acme Cloud & Söhne", "Contoso", end}, {"Acme Cloud & Söhne", "Old Mill Bakery", end}}}},
		{"welcome", Welcome{"Contoso", "Dana Miles", 7 * day, at, secret}},
		{"added-to-tenant", AddedToTenant{"Contoso", "Dana Miles", link("")}},
		{"password-reset", PasswordReset{ValidFor: 30 * time.Minute, ExpiresAt: at, Link: secret}},
		{"password-link", PasswordReset{"Dana Miles", "Contoso", 30 * time.Minute, at, secret}},
		{"password-changed", PasswordChanged{ChangedAt: at}},
		{"password-changed-with-api-tokens", PasswordChanged{at, 2}},
		{"address-verification", VerifyAddress{"kim@contoso.example", day, at, secret}},
		{"address-taken", AddressTaken{}},
		{"address-changed", AddressChanged{at}},
		{"sign-up", SignUp{"Contoso", day, at, secret}},
		{"signed-up-already", SignedUp{"Contoso"}},
		{"request-waiting", RequestWaiting{"Contoso", "Dana Miles", "dana@contoso.example", at}},
		{"request-approved", RequestApproved{"Contoso"}},
		{"request-rejected", RequestRejected{"Contoso", "Please use your company address."}},
		{"tenant-suspended", TenantSuspended{"Contoso", "Acme Cloud & Söhne", "Two invoices are unpaid.", at}},
		{"tenant-reactivated", TenantReactivated{"Contoso", "Acme Cloud & Söhne"}},
		{"tenant-deleted", TenantDeleted{"Contoso", "Acme Cloud & Söhne", "", at}},
		{"api-token-created", APITokenCreated{"Nightly export", "Contoso", at, end}},
		{"webhook-disabled", WebhookDisabled{"Contoso", "hooks.contoso.example", "The receiver answered 500.", at.Add(-3 * day), at}},
	}
}
