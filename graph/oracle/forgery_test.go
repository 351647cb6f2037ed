package oracle_test

import (
	"slices"
	"strings"
)

// forgery plants a fault into a mail: it makes of it what a product with that fault would send. It tells if the mail is fit for it.
type forgery func(d *deed, m message) (message, bool)

var forgeries = map[string]forgery{
	"a mail to somebody else": func(d *deed, m message) (message, bool) {
		return d.readdressed(m, d.after.tables["users"])
	},
	"a mail to an administrator who is suspended": func(d *deed, m message) (message, bool) {
		var list []row
		for _, x := range d.due(m) {
			for _, path := range strings.Fields(letters[m.kind].to) {
				tenant, administrators := strings.CutSuffix(path, "_id.administrators")
				for _, a := range d.before.administrators(x.s(tenant+"_id"), "SUSPENDED") {
					if administrators {
						list = append(list, d.after.byID[a.s("user_id")])
					}
				}
			}
		}
		return d.readdressed(m, list)
	},
	"a mail to another spelling of an address": func(_ *deed, m message) (message, bool) {
		m.recipient = "x" + m.recipient
		return m, true
	},
	"a mail of a kind without a rule": func(_ *deed, m message) (message, bool) {
		m.kind = "tenant.watched"
		return m, true
	},
	"a subject that tells what is not for its reader": func(d *deed, m message) (message, bool) {
		word, found := d.secret(m, slices.Concat(d.after.tables["members"], d.after.tables["tenants"]))
		m.subject += " " + word
		return m, found
	},
	"a text that tells more of what it is about": func(d *deed, m message) (message, bool) {
		word, found := d.secret(m, d.due(m))
		m.text += word
		return m, found
	},
	"HTML that tells what is not for its reader": func(d *deed, m message) (message, bool) {
		word, found := d.secret(m, slices.Concat(d.after.tables["members"], d.after.tables["tenants"]))
		m.html += "<i>" + word + "</i>"
		return m, found
	},
	"a link to what its reader does not see": func(d *deed, m message) (message, bool) {
		for _, x := range d.after.tables["members"] {
			if !d.reads(d.reader(m))[x.s("id")] && !d.told(m)[x.s("id")] {
				m.text += "?id=" + x.s("id")
				return m, true
			}
		}
		return m, false
	},
}

// readdressed sends a mail to the first of some users to whom none of that kind goes.
func (d *deed) readdressed(m message, users []row) (message, bool) {
	for _, u := range users {
		m.recipient, m.canonical = u.s("email"), u.s("email_canonical")
		if len(d.due(m)) == 0 {
			return m, true
		}
	}
	return m, false
}

// secret finds a canary in rows that the reader of a mail neither reads nor is told.
func (d *deed) secret(m message, rows []row) (string, bool) {
	told := d.told(m)
	for _, x := range rows {
		for _, v := range x {
			text, _ := v.(string)
			for _, word := range canaries(text) {
				if low := strings.ToLower(word); !told[low] && !d.reads(d.reader(m))[low] {
					return word, true
				}
			}
		}
	}
	return "", false
}
