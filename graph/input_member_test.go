package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"mandate/internal/testworld"
)

// TestBadTextOfMembers: what would hide, turn around or fill up something is refused where it is typed, in new members and
// in changes alike.
func TestBadTextOfMembers(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		low := s.Staff(contoso, "low", testworld.Nothing).Member(contoso.Tenant).ID
		for what, c := range map[string]struct{ text, code string }{
			"a NUL":                             {"a\x00b", "INVALID"},
			"a bell":                            {"a\ab", "INVALID"},
			"an escape":                         {"a\x1b[31mb", "INVALID"},
			"a delete":                          {"a\x7fb", "INVALID"},
			"a control of the second set":       {"a\u0090b", "INVALID"},
			"a right-to-left override":          {"a\u202eb", "INVALID"},
			"an isolate":                        {"a\u2067b\u2069", "INVALID"},
			"a mark of direction":               {"a\u200fb", "INVALID"},
			"a zero-width space":                {"a\u200bb", "INVALID"},
			"a byte order mark":                 {"\ufeffab", "INVALID"},
			"a soft hyphen":                     {"a\u00adb", "INVALID"},
			"a tag":                             {"a\U000e0041", "INVALID"},
			"what is no text":                   {"a\xffb", "INVALID"},
			"an address on the web":             {"see https://evil.example/x", "INVALID"},
			"nothing but blanks":                {" \t\r\n\u2003 ", "REQUIRED"},
			"10,000 characters":                 {strings.Repeat("x", 10_000), "TOO_LONG"},
			"letters that are many when folded": {strings.Repeat("ﷺ", 100), "TOO_LONG"},
		} {
			s.then(what, func(s scene) {
				for _, field := range []string{"userId", "label", "firstName", "lastName"} {
					for mutation, row := range map[string]in{"addMembers": newMember(1, nil), "updateMembers": {"id": low}} {
						row[field] = c.text
						a := s.refused(contoso.Admin, mutation, in{"tenantId": contoso.ID, "members": []in{row}}, fmt.Sprintf("%s at input.members.0.%s", c.code, field))
						if strings.Contains(a.Body, "x\\u00") || len(a.Body) > 1000 {
							s.Errorf("the answer repeats it: %.300s", a.Body)
						}
					}
				}
			})
		}
	})
}

// TestTextOfMembersThatIsKept as it was meant, and is harmless wherever it is shown.
func TestTextOfMembersThatIsKept(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		row := newMember(1, in{"userId": "  Bob\t <b> ", "label": strings.Repeat("é", 200), "firstName": "Eve\r\nBcc: all@example.com", "lastName": "<script>alert(1)</script> & \"Sons\"",
			"roleKey": nil, "administrator": true})
		id := s.adds(contoso.Admin, contoso.ID, row)
		name := `Eve Bcc: all@example.com <script>alert(1)</script> & "Sons"`

		s.then("line breaks become blanks, and the rest is as typed", func(s scene) {
			s.is("member", memberOf(contoso.Admin, id, "name userId label"), any(map[string]any{"name": name, "userId": "Bob <b>", "label": strings.Repeat("é", 200)}))
			s.sees(changed(contoso.Admin, contoso.ID, "member.added"), name+"; "+name+": <nil> > administrator")
		})
		s.then("a mail that names the person is a mail of one sender, and escapes what is no markup", func(s scene) {
			s.does(s.Stranger(), "resetPassword", in{"token": s.lastToken("new1@example.com"), "newPassword": testworld.Password})
			eve := s.person("new1@example.com")
			s.adds(eve, contoso.ID, newMember(2, nil))
			m := s.Mails("new2@example.com")[0]
			s.is("subject", m.Subject, "You were added to Contoso")
			s.is("markup of theirs", strings.Contains(m.HTML, "<script>"), false)
			s.is("name, escaped", strings.Contains(m.HTML, "&lt;script&gt;alert(1)&lt;/script&gt; &amp;"), true)
			s.has(strings.Split(m.Text, "\n"), "You were added to Contoso by "+name+". Set a password to log in.")
		})
		s.then("letters with and without an accent are different User IDs, and wide and narrow ones the same", func(s scene) {
			s.adds(contoso.Admin, contoso.ID, newMember(3, in{"userId": "jose"}))
			s.adds(contoso.Admin, contoso.ID, newMember(4, in{"userId": "josé"}))
			for n, same := range []string{"JOSE", "Ｊｏｓｅ", "jose\u0301", " josé "} {
				s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(5+n, in{"userId": same})}}, "CONFLICT at input.members.0.userId")
				s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": id, "userId": same}}}, "CONFLICT at input.members.0.userId")
			}
		})
		s.then("the longest of everything fits", func(s scene) {
			local, domain := strings.Repeat("m", 64), strings.Repeat(strings.Repeat("x", 62)+".", 4)
			longest := local + "@" + domain[:252] + "y"
			s.is("length", len(longest), 318)
			id := s.adds(contoso.Admin, contoso.ID, newMember(6, in{"email": longest, "userId": strings.Repeat("ﬀ", 100), "label": strings.Repeat("𝒳", 200),
				"firstName": strings.Repeat("ﬀ", 100), "lastName": strings.Repeat("ﬀ", 100)}))
			s.is("email", memberOf(contoso.Admin, id, "email"), any(map[string]any{"email": longest}))
			s.is("mails", len(s.Mails(longest)), 1)
		})
	})
}

// TestAddressesOfMembersThatAreNone: look-alikes, what cannot be seen, and what is too long.
func TestAddressesOfMembersThatAreNone(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		s.Staff(contoso, "mark", testworld.Nothing)
		for what, c := range map[string]struct{ email, code string }{
			"a Cyrillic a":        {"m\u0430rk@example.com", "INVALID"},
			"a dotless i":         {"m\u0131ke@example.com", "INVALID"},
			"full width":          {"ｍａｒｋ@example.com", "INVALID"},
			"a Kelvin sign":       {"mar\u212a@example.com", "INVALID"},
			"a zero-width space":  {"mark\u200b@example.com", "INVALID"},
			"a zero-width joiner": {"mark@exam\u200dple.com", "INVALID"},
			"an override":         {"mark\u202e@example.com", "INVALID"},
			"a line break":        {"mark@example.com\nBcc: all@example.com", "INVALID"},
			"a NUL":               {"mark@example.com\x00", "INVALID"},
			"320 characters":      {strings.Repeat("m", 64) + "@" + strings.Repeat("x.", 127) + "y", "INVALID"},
			"321 characters":      {strings.Repeat("m", 64) + "@" + strings.Repeat("x.", 127) + "yz", "TOO_LONG"},
		} {
			s.then(what, func(s scene) {
				s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, nil), newMember(2, in{"email": c.email})}},
					c.code+" at input.members.1.email")
			})
		}
		s.then("the same in other letters is a member already, or named twice", func(s scene) {
			for _, same := range []string{"MARK@EXAMPLE.COM", " mark@example.com ", "mark@ｅｘａｍｐｌｅ.com", "mark@example。com"} {
				s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(2, in{"email": same})}}, "ALREADY_MEMBER at input.members.0.email")
				twice := strings.ReplaceAll(strings.ReplaceAll(same, "mark", "rita"), "MARK", "RITA")
				s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, in{"email": "rita@example.com"}), newMember(2, in{"email": twice})}},
					"ALREADY_MEMBER at input.members.1.email")
			}
		})
	})
}

// TestIDsThatAreNone: whatever stands where an id is asked for, there is nothing with it.
func TestIDsThatAreNone(t *testing.T) {
	eachScene(t, func(s scene) {
		contoso := s.Customer("Contoso")
		low := s.Staff(contoso, "low", testworld.Nothing).Member(contoso.Tenant).ID
		for _, id := range []string{"", " ", "x", strings.ToUpper(low), low + " ", "ｍem_1", "mém", "a\x00b", "'; DROP TABLE members; --", "%", strings.Repeat("x", 10_000)} {
			name := id[:min(len(id), 12)]
			s.then(fmt.Sprintf("%q", name), func(s scene) {
				for mutation, input := range byID(contoso.ID, low, id) {
					s.refused(contoso.Admin, mutation, input, "NOT_FOUND at input.ids.1")
				}
				for mutation, input := range memberOperations(id, []string{low}) {
					s.refused(contoso.Admin, mutation, input, "NOT_FOUND at input.tenantId")
				}
				s.refused(contoso.Admin, "changeRole", in{"memberId": id, "roleKey": "READ_ONLY"}, "NOT_FOUND at input.memberId")
				rows := []in{{"id": id, "label": "x"}, {"id": low, "roleId": id}, {"id": low, "siteIds": []string{id}}}
				for n, path := range []string{"id", "roleId", "siteIds.0"} {
					s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{maps.Clone(rows[n])}}, "NOT_FOUND at input.members.0."+path)
				}
				for path, changed := range map[string]in{"roleId": {"roleKey": nil, "roleId": id}, "siteIds.0": {"allSites": false, "siteIds": []string{id}}} {
					s.refused(contoso.Admin, "addMembers", in{"tenantId": contoso.ID, "members": []in{newMember(1, changed)}}, "NOT_FOUND at input.members.0."+path)
				}
			})
		}
		s.then("and neither with the id of a role and a blank", func(s scene) {
			role := s.CustomRole(contoso.Tenant, "Clerk", map[feature]accessLevel{"PARTNERS": manage}).ID + " "
			s.refused(contoso.Admin, "changeRole", in{"memberId": low, "roleId": role}, "NOT_FOUND at input.roleId")
			s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": low, "roleId": role}}}, "NOT_FOUND at input.members.0.roleId")
		})
		s.then("and features that are none", func(s scene) {
			for _, key := range slices.Concat([]string{"", "INVOICES", "invoices ", "tenant", "a\x00b"}, []string{strings.Repeat("x", 10_000)}) {
				s.refused(contoso.Admin, "updateMembers", in{"tenantId": contoso.ID, "members": []in{{"id": low, "roleKey": "READ_ONLY", "permissions": levels(key, "VIEW")}}},
					"INVALID at input.members.0.permissions.0.feature")
			}
		})
	})
}
