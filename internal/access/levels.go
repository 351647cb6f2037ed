package access

import "maps"

// Levels is a level for every feature: one for the platform's, one for the catalogue's, and the exceptions.
// The zero value is no access at all. A feature added to the catalogue later has the catalogue's level, which is NONE
// for everything but the system roles that name the whole catalogue.
type Levels struct {
	platform, catalogue Level
	except              map[Feature]Level
}

// Everything is what an administrator holds: MANAGE on every feature, of today and of later.
var Everything = Levels{platform: Manage, catalogue: Manage}

// Of returns the levels that name exactly the features in m; every other feature is NONE.
func Of(m map[Feature]Level) Levels { return Levels{}.with(m) }

func (l Levels) with(m map[Feature]Level) Levels {
	l.except = maps.Clone(l.except)
	if l.except == nil {
		l.except = make(map[Feature]Level, len(m))
	}
	maps.Copy(l.except, m)
	return l
}

// At returns the level on f. USERS implies GUESTS.
func (l Levels) At(f Feature) Level {
	if f == Guests {
		return max(l.at(Guests), l.at(Users))
	}
	return l.at(f)
}

func (l Levels) at(f Feature) Level {
	if level, ok := l.except[f]; ok {
		return level
	}
	if f.Platform() {
		return l.platform
	}
	return l.catalogue
}

// Highest returns the highest level on any feature.
func (l Levels) Highest() Level {
	highest := max(l.platform, l.catalogue)
	for _, level := range l.except {
		highest = max(highest, level)
	}
	return highest
}

// Min returns the lower level of l and m on every feature: two links of one path.
func (l Levels) Min(m Levels) Levels {
	return l.combine(m, func(a, b Level) Level { return min(a, b) })
}

// Max returns the higher level of l and m on every feature: two paths to one tenant.
func (l Levels) Max(m Levels) Levels {
	return l.combine(m, func(a, b Level) Level { return max(a, b) })
}

func (l Levels) combine(m Levels, pick func(a, b Level) Level) Levels {
	c := Levels{platform: pick(l.platform, m.platform), catalogue: pick(l.catalogue, m.catalogue)}
	for _, f := range l.named(m) {
		if level := pick(l.At(f), m.At(f)); level != c.at(f) {
			c = c.with(map[Feature]Level{f: level})
		}
	}
	return c
}

// named lists every feature on which l or m may differ from their defaults; GUESTS is always among them because it
// follows USERS.
func (l Levels) named(m Levels) []Feature {
	fs := []Feature{Guests}
	for f := range l.except {
		fs = append(fs, f)
	}
	for f := range m.except {
		if _, ok := l.except[f]; !ok {
			fs = append(fs, f)
		}
	}
	return fs
}

// Within reports whether l is at most m on every feature: what "narrower" and "nobody grants what they do not hold" mean.
func (l Levels) Within(m Levels) bool {
	for _, f := range PlatformFeatures {
		if l.At(f) > m.At(f) {
			return false
		}
	}
	if l.catalogue > m.catalogue {
		return false
	}
	for _, f := range l.named(m) {
		if l.At(f) > m.At(f) {
			return false
		}
	}
	return true
}

// Equal reports whether l and m are the same on every feature.
func (l Levels) Equal(m Levels) bool { return l.Within(m) && m.Within(l) }

// CatalogueOnly returns l without any platform feature: all that a guest can hold.
func (l Levels) CatalogueOnly() Levels {
	c := Levels{catalogue: l.catalogue}
	for f, level := range l.except {
		if !f.Platform() {
			c = c.with(map[Feature]Level{f: level})
		}
	}
	return c
}
