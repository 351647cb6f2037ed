package world

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// chance makes ids: those of one world are those of the next.
type chance struct{ source *rand.ChaCha8 }

func newChance() chance { return chance{rand.NewChaCha8([32]byte{})} }

// at makes an id that grows with time.
func (c chance) at(t time.Time) (id ulid.ULID) {
	_, _ = c.source.Read(id[:]) // it never fails
	_ = id.SetTime(ulid.Timestamp(t))
	return id
}

// any makes an id that is all chance, like those of people.
func (c chance) any() (id ulid.ULID) {
	_, _ = c.source.Read(id[:])
	return id
}

// named writes an id as rows have it: behind what they are.
func named(prefix string, id ulid.ULID) string { return prefix + "_" + strings.ToLower(id.String()) }
