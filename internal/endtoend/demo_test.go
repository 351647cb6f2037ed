package endtoend

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"mandate/internal/testworld"
)

func TestDemoIsReadyToBeExplored(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "", "demo", "--listen", "127.0.0.1:0")
	s := stage{T: t, site: p.site(p.awaits(`(http://127\.0\.0\.1:\d+)/graphiql`))}
	p.awaits("in the mailbox")
	printed := p.printed()
	token := p.awaits(`Bearer ([\w-]+)'`)

	s.then("everybody signs in as printed", func(s stage) {
		signIns := regexp.MustCompile(`(?m)^  \S.*?  +(\S+@\S+\.example)  +(\S+)$`).FindAllStringSubmatch(printed, -1)
		if len(signIns) < 6 {
			s.Errorf("it printed %d sign-ins:\n%s", len(signIns), printed)
		}
		for _, found := range signIns {
			s.signIn(s.T, found[1], found[2])
		}
	})
	s.then("the printed addresses work", func(s stage) {
		for _, link := range regexp.MustCompile(`(?m)^  \S.*  (http://\S+)$`).FindAllStringSubmatch(printed, -1) {
			want := 200
			if strings.HasSuffix(link[1], "/graphql") {
				want = 400 // it is asked nothing
			}
			s.is(link[1], s.send(s.T, "GET", link[1], "").StatusCode, want)
		}
	})
	s.then("the printed command asks the first query", func(s stage) {
		line := regexp.MustCompile(`(?m)^  curl .*\\\n.*$`).FindString(printed)
		// A shell tells what its arguments are, for machines that have no curl.
		out, err := exec.Command("sh", "-c", `curl() { printf '%s\n' "$@"; }; `+line).Output()
		if err != nil {
			s.Fatal(err)
		}
		args := strings.Split(string(out), "\n")
		if len(args) != 9 || args[0] != "-s" || args[2] != "-H" || args[4] != "-H" || args[6] != "-d" {
			s.Fatalf("curl is told %q by %s", args, line)
		}
		headers := append(strings.SplitN(args[3], ": ", 2), strings.SplitN(args[5], ": ", 2)...)
		answers := []*testworld.Answer{testworld.Read(s.T, s.send(s.T, "POST", args[1], args[7], headers...))}
		if _, err := exec.LookPath("curl"); err == nil {
			out, err := exec.Command("sh", "-c", line).Output()
			if err != nil {
				s.Fatalf("%s: %v", line, err)
			}
			s.is("curl's answer is JSON", json.Valid(out), true)
			s.is("curl's answer", string(out), answers[0].Body)
		}
		a := answers[0].OK()
		s.is("customers", len(a.List("customers.nodes")), 11)
		s.is("first customer", a.At("customers.nodes.0.name"), "Alder Dental Practice")
		s.is("its tags", a.At("customers.nodes.0.tags"), any([]any{"health", "priority:high"}))
	})
	s.then("the mailbox shows the pending invitation, whose link works", func(s stage) {
		invited := regexp.MustCompile(`open the mail to (\S+) in`).FindStringSubmatch(printed)[1]
		var letter string
		for row := range elements(s.open("/mailbox").shows("Mailbox").root, "tr") {
			if strings.HasPrefix(words(row), invited+" Invitation from Brightnet") {
				for a := range elements(row, "a") {
					letter = attribute(a, "href")
				}
			}
		}
		var mail string
		for frame := range elements(s.open(letter).shows("Invitation from Brightnet Managed IT", invited).root, "iframe") {
			mail = attribute(frame, "srcdoc")
		}
		link := regexp.MustCompile(`http://[^"]+/invitation\?token=[\w-]+`).FindString(mail)
		s.open(link).shows("Invitation from Brightnet Managed IT", "we would be glad to run the hotel's telephones.").
			press("Accept", "Name of your organisation", "Blue Door Hotel", "First name", "Nina", "Last name", "North", "Password", password).
			shows("Connected", "Brightnet Managed IT may now work in Blue Door Hotel.")
		s.is("customers", len(s.customers(s.T, token)), 12)
	})
	s.then("who asks for the mailbox by another site's name finds none", func(s stage) {
		s.is("status", s.send(s.T, "GET", "http://evil.example/mailbox", "").StatusCode, 404)
	})
	s.then("nothing is left of it", func(s stage) {
		p.signal(syscall.SIGINT)
		s.is("exit status", p.status(patience), 0)
		left, err := os.ReadDir(p.cmd.Dir)
		if err != nil {
			s.Fatal(err)
		}
		for _, file := range left {
			s.Errorf("it left %s behind", file.Name())
		}
		if errors := p.printed()[len(printed):]; errors != "" {
			s.Errorf("it complained:\n%s", errors)
		}
	})
}
