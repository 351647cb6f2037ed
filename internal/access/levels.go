package access

import (
	"maps"
	"slices"
)

// Levels is a level for every feature: one for each of the platform's, one for the catalogue's, and the exceptions from that.
// The zero value is no access at all. A feature added to the catalogue later has the catalogue's level, which is NONE
// for everything but the system roles that name the whole catalogue.
type Levels struct {
	platform  [len(PlatformFeatures)]Level // by their places
	catalogue Level
	except    map[Feature]Level // of the catalogue; never changed once it is part of a Levels
}

// Everything is what an administrator holds: MANAGE on every feature, of today and of later.
var Everything = all(Manage)

// all returns the same level on every feature.
func all(level Level) Levels {
	l := Levels{catalogue: level}
	for i := range l.platform {
		l.platform[i] = level
	}
	return l
}

// Of returns the levels that name exactly the features in m; every other feature is NONE.
func Of(m map[Feature]Level) Levels { return Levels{}.with(m) }

// with returns l but for the features in m.
func (l Levels) with(m map[Feature]Level) Levels {
	except := maps.Clone(l.except)
	for f, level := range m {
		if i := f.place(); i >= 0 {
			l.platform[i] = level
			continue
		}
		if except == nil {
			except = make(map[Feature]Level, len(m))
		}
		except[f] = level
	}
	l.except = except
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
	if i := f.place(); i >= 0 {
		return l.platform[i]
	}
	if level, ok := l.except[f]; ok {
		return level
	}
	return l.catalogue
}

// Highest returns the highest level on any feature.
func (l Levels) Highest() Level {
	highest := max(slices.Max(l.platform[:]), l.catalogue)
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
	c := Levels{catalogue: pick(l.catalogue, m.catalogue)}
	for i, f := range PlatformFeatures {
		c.platform[i] = pick(l.At(f), m.At(f))
	}
	for _, except := range [...]map[Feature]Level{l.except, m.except} {
		for f := range except {
			if level := pick(l.at(f), m.at(f)); level != c.catalogue {
				if c.except == nil {
					c.except = make(map[Feature]Level, len(l.except)+len(m.except))
				}
				c.except[f] = level
			}
		}
	}
	return c
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
	for _, except := range [...]map[Feature]Level{l.except, m.except} {
		for f := range except {
			if l.at(f) > m.at(f) {
				return false
			}
		}
	}
	return true
}

// Equal reports whether l and m are the same on every feature.
func (l Levels) Equal(m Levels) bool { return l.Within(m) && m.Within(l) }

// CatalogueOnly returns l without any platform feature: all that a guest can hold.
func (l Levels) CatalogueOnly() Levels {
	return Levels{catalogue: l.catalogue, except: l.except}
}
