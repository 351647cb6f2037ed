package mandate

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// SortName folds a name to the form by which lists are ordered and searched: compatible letters are the same letter,
// and so are upper and lower case.
func SortName(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.Join(strings.Fields(name), " ")))
}

// webAddress matches what mail programs make links of, and no organisation is called.
var webAddress = regexp.MustCompile(`://|(?i:\bwww\.)|\.[a-z]{2,}/`)

// oneLine cleans a text of one line, such as a name: blanks around it go, and what cannot be seen or would turn other
// text around is refused.
func oneLine(s string, most int, field ...string) (string, *Error) {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable):
		return "", broken(Invalid, "The text has characters that cannot be shown.", field...)
	case s == "":
		return "", broken(Required, "This must not be empty.", field...)
	case utf8.RuneCountInString(s) > most, utf8.RuneCountInString(SortName(s)) > 2*most: // some letters are many once they are folded
		return "", broken(TooLong, fmt.Sprintf("The text is longer than %d characters.", most), field...)
	case webAddress.MatchString(s):
		return "", broken(Invalid, "A name is not an address on the web.", field...)
	}
	return s, nil
}

// optionalLine is oneLine for what may be left out, or be blank.
func optionalLine(s *string, most int, field ...string) (*string, *Error) {
	if s == nil || strings.TrimSpace(*s) == "" {
		return nil, nil
	}
	return otherLine(s, most, field...)
}

// otherLine is oneLine for what a command may leave as it is.
func otherLine(s *string, most int, field ...string) (*string, *Error) {
	if s == nil {
		return nil, nil
	}
	line, fault := oneLine(*s, most, field...)
	return &line, fault
}

// paragraph cleans a text of several lines, such as a message.
func paragraph(s *string, most int, field ...string) (*string, *Error) {
	if s == nil || strings.TrimSpace(*s) == "" {
		return nil, nil
	}
	text := strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(*s, "\r\n", "\n")))
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unprintable(r) }) {
		return nil, broken(Invalid, "The text has characters that cannot be shown.", field...)
	}
	if utf8.RuneCountInString(text) > most {
		return nil, broken(TooLong, fmt.Sprintf("The text is longer than %d characters.", most), field...)
	}
	return &text, nil
}

// unprintable reports characters that nobody sees and that change what others see: controls, and format characters but
// for the two joiners that some scripts and emoji need.
func unprintable(r rune) bool {
	if r == '\u200c' || r == '\u200d' {
		return false
	}
	if strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r) { // letters and patterns that are blank
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

// mostEmail is the length of the longest address.
const mostEmail = 320

// domains reads domains as resolvers do, and looks at the length of their labels too.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// email cleans an address, and returns it as shown and written to and as compared: in lower case, its local part in ASCII,
// its domain in the letters that it stands for, and to be compared in the ASCII form of IDNA. How somebody typed it is not
// kept, and so nobody sees by it who named an address first. Look-alike letters, blanks inside and what cannot be seen are refused; dots and plus signs
// stay, because only the receiving server knows what they mean.
func email(s string, field ...string) (shown, canonical string, fault *Error) {
	fault = broken(Invalid, "This is not an e-mail address that can be written to.", field...)
	typed := strings.Trim(s, " ")
	if len(typed) > mostEmail {
		return "", "", broken(TooLong, fmt.Sprintf("An e-mail address has at most %d characters.", mostEmail), field...)
	}
	at := strings.LastIndexByte(typed, '@')
	if at < 1 || at == len(typed)-1 || !utf8.ValidString(typed) || !norm.NFC.IsNormalString(typed) {
		return "", "", fault
	}
	local, domain := typed[:at], typed[at+1:]
	if len(local) > 64 || strings.ContainsFunc(local, func(r rune) bool { return !localPart(r) }) ||
		local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return "", "", fault
	}
	if strings.ContainsFunc(domain, unprintable) || strings.ContainsRune(domain, '\u200c') || strings.ContainsRune(domain, '\u200d') {
		return "", "", fault
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 || strings.HasSuffix(ascii, ".") {
		return "", "", fault
	}
	local, ascii = strings.ToLower(local), strings.ToLower(ascii)
	if domain, err = idna.Display.ToUnicode(ascii); err != nil {
		return "", "", fault
	}
	return local + "@" + domain, local + "@" + ascii, nil
}

// localPart reports the characters of an unquoted local part in ASCII.
func localPart(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)
}

// tags checks the tags of a tenant.
func tags(list []string, field ...string) ([]string, *Error) {
	if len(list) > 20 {
		return nil, broken(TooManyTags, "A tenant has at most 20 tags.", field...)
	}
	seen := make(map[string]bool)
	var out []string
	for i, tag := range list {
		if !validTag(tag) {
			return nil, broken(InvalidTag, "A tag is a letter, then up to 59 letters, digits or - # : . $ * _", append(field, fmt.Sprint(i))...)
		}
		if !seen[tag] {
			seen[tag] = true
			out = append(out, tag)
		}
	}
	return out, nil
}

func validTag(tag string) bool {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	for i, r := range tag {
		if !letter(r) && (i == 0 || (r < '0' || r > '9') && !strings.ContainsRune("-#:.$*_", r)) {
			return false
		}
	}
	return tag != "" && len(tag) <= 60
}
