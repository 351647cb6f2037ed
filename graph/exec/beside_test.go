package exec

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// together counts how many do something at once. Each waits for a while for so many.
type together struct {
	mu        sync.Mutex
	now, most int
}

func (c *together) does(until int) {
	c.mu.Lock()
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	for range 100 {
		c.mu.Lock()
		enough := c.most >= until
		c.mu.Unlock()
		if enough {
			break
		}
		time.Sleep(time.Millisecond)
	}
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
}

// TestSoManyBesideOne: of fields that wait, as many are resolved at once as there is room for, and one more; all requests for
// room are of one answer.
func TestSoManyBesideOne(t *testing.T) {
	t.Parallel()
	for room, want := range map[int]int{0: 1, 1: 2, 2: 3, 3: 4, 100: 6} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			t.Parallel()
			o := begin(t)
			if room > 0 {
				o.ctx = Beside(o.ctx, room)
			}
			var c together
			resolvers := make(map[string]graphql.Resolver)
			names := []string{"a", "b", "c", "d", "e", "f"}
			for _, name := range names {
				resolvers[name] = func(context.Context) (any, error) {
					c.does(want + 1)
					return name, nil
				}
			}
			for range 2 { // the room is given back
				c.most = 0
				o.expect(o.object(o.ctx, true, "", resolvers, names...), `{"a":"a","b":"b","c":"c","d":"d","e":"e","f":"f"}`)
				if c.most != want {
					t.Errorf("%d at once; want %d", c.most, want)
				}
			}
		})
	}
}

// TestObjectsBelowShareTheRoom: what runs beside may have fields that wait, and all of them together find room for so many.
func TestObjectsBelowShareTheRoom(t *testing.T) {
	t.Parallel()
	for room, want := range map[int]int{0: 1, 1: 2, 2: 3} {
		o := begin(t)
		if room > 0 {
			o.ctx = Beside(o.ctx, room)
		}
		var c together
		resolve := func(context.Context) (any, error) {
			c.does(want + 1)
			return "x", nil
		}
		leaves := map[string]graphql.Resolver{"c": resolve, "d": resolve, "e": resolve}
		out := NewObject(o.ctx, fields("a", "b"))
		for i := range out.Fields {
			out.Later(i, func(ctx context.Context) graphql.Marshaler { return o.object(ctx, true, "", leaves, "c", "d", "e") }, false)
		}
		const below = `{"c":"x","d":"x","e":"x"}`
		o.expect(out.Done(o.ctx), `{"a":`+below+`,"b":`+below+`}`)
		if c.most != want {
			t.Errorf("with room for %d, %d at once; want %d", room, c.most, want)
		}
	}
}

// TestPanicsGiveTheRoomBack, and nobody waits for those that panicked.
func TestPanicsGiveTheRoomBack(t *testing.T) {
	t.Parallel()
	o := begin(t)
	o.ctx = Beside(o.ctx, 2)
	for range 100 {
		o.object(o.ctx, true, "", map[string]graphql.Resolver{"a": panics("a"), "b": panics("b"), "c": is("C")}, "a", "b", "c")
	}
	if room := o.ctx.Value(besideKey{}).(chan struct{}); len(room) != 0 {
		t.Errorf("%d are still taken", len(room))
	}
	if got := len(o.errors()); got != 200 {
		t.Errorf("%d errors; want 200", got)
	}
}
