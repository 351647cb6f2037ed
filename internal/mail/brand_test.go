package mail

import (
	"strings"
	"testing"
)

func TestBrandIsAroundEveryLetter(t *testing.T) {
	t.Parallel()
	b := Brand{Name: "Northwind <IT>\r\n", Color: "#0b7a4b", Address: "Northwind IT Ltd\n1 Harbour Street\n\nhelp@northwind.example"}
	for _, s := range Samples() {
		l, err := s.Template.Letter(b)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(l.Text, "Sent by Northwind <IT>.\nNorthwind IT Ltd\n1 Harbour Street\n\nhelp@northwind.example\n") {
			t.Errorf("%s: the text ends otherwise:\n%s", s.Name, l.Text)
		}
		if !strings.Contains(l.HTML, "Sent by Northwind &lt;IT&gt;.<br>Northwind IT Ltd<br>1 Harbour Street<br><br>help@northwind.example</p>") || strings.Count(l.HTML, "Northwind &lt;IT&gt;") != 2 {
			t.Errorf("%s: the HTML part does not show the brand:\n%s", s.Name, l.HTML)
		}
		if colored := strings.Count(l.HTML, "#0b7a4b"); link(s) == "" && colored != 1 || link(s) != "" && colored != 3 {
			t.Errorf("%s has the colour %d times", s.Name, colored)
		}
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "red", "#fff", "1d4ed8", "#1d4ed", "#1d4ed8ff", "#1d4edg", "#1d4ed8;", " #1d4ed8", "#1d4ed8\n"} {
		if c, err := ParseColor(s); err == nil {
			t.Errorf("%q is taken as %q", s, c)
		}
	}
	for s, want := range map[string]Color{
		"#000000": "#ffffff", "#FFFFFF": "#000000", "#1D4ED8": "#ffffff", "#ffd500": "#000000", "#0b7a4b": "#ffffff", "#ff7f50": "#000000",
	} {
		c, err := ParseColor(s)
		if err != nil || string(c) != strings.ToLower(s) {
			t.Errorf("%q is read as %q (%v)", s, c, err)
		}
		if got := c.text(); got != want {
			t.Errorf("on %s one writes in %s; want %s", s, got, want)
		}
	}
}

// TestWhatIsOnAButtonIsReadable: 4.5 to 1 is what the Web Content Accessibility Guidelines ask for.
func TestWhatIsOnAButtonIsReadable(t *testing.T) {
	t.Parallel()
	const digits = "048cf"
	for i := range 5 * 5 * 5 {
		c := Color("#" + strings.Repeat(digits[i%5:i%5+1], 2) + strings.Repeat(digits[i/5%5:i/5%5+1], 2) + strings.Repeat(digits[i/25:i/25+1], 2))
		light, dark := c.luminance()+0.05, c.text().luminance()+0.05
		if light < dark {
			light, dark = dark, light
		}
		if light/dark < 4.5 {
			t.Errorf("%s on %s: %.2f to 1", c.text(), c, light/dark)
		}
	}
}
