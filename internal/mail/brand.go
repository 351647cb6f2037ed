package mail

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Brand is whose letters these are: what the reader sees around the text.
type Brand struct {
	// Name of the installation's operator; "Mandate" when empty.
	Name string
	// Color of buttons; blue when empty.
	Color Color
	// Address is where the operator can be reached, by post or otherwise: one or several lines, none when empty.
	Address string
}

// Color is a colour as #rrggbb.
type Color string

// blue is the colour of letters without one.
const blue Color = "#1d4ed8"

var rrggbb = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// ParseColor reads a colour of the form #rrggbb.
func ParseColor(s string) (Color, error) {
	s = strings.ToLower(s)
	if !rrggbb.MatchString(s) {
		return "", fmt.Errorf("%q is not a colour of the form #rrggbb", s)
	}
	return Color(s), nil
}

// luminance is how bright the colour is, from 0 for black to 1 for white, as the Web Content Accessibility Guidelines
// define it.
func (c Color) luminance() float64 {
	part := func(at int) float64 {
		n, _ := strconv.ParseUint(string(c[at:at+2]), 16, 8)
		v := float64(n) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(1) + 0.7152*part(3) + 0.0722*part(5)
}

// text is black or white: whichever is read better on the colour.
func (c Color) text() Color {
	const white, black = 1.05, 0.05 // luminance, and the 0.05 of the contrast's definition
	if l := c.luminance() + 0.05; white/l >= l/black {
		return "#ffffff"
	}
	return "#000000"
}

// frame is what the layouts put around a letter.
type frame struct {
	Brand   string
	Address []string
	Color   Color
	On      Color // what is written on the colour
}

func (b Brand) frame() frame {
	name := line(b.Name)
	if name == "" {
		name = "Mandate"
	}
	color := b.Color
	if !rrggbb.MatchString(string(color)) {
		color = blue
	}
	return frame{name, lines(b.Address), color, color.text()}
}
