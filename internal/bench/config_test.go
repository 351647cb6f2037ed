package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
)

func TestWhatIsMeasuredByDefault(t *testing.T) {
	t.Parallel()
	c, err := configure(nil, &bytes.Buffer{})
	if err != nil || !slices.Equal(c.sizes, []world.Size{world.Small, world.Large}) || !slices.Equal(c.engines, []string{maria, sqlite}) ||
		!slices.Equal(c.connections, []int{1, 16, 64}) || c.effort != (effort{500 * time.Millisecond, time.Second, 5}) || !c.whole() {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = configure([]string{"-check"}, &bytes.Buffer{})
	if err != nil || !slices.Equal(c.sizes, []world.Size{world.Small}) || !slices.Equal(c.connections, []int{16}) || c.effort.rounds != 3 || len(c.operations) != len(operation.Operations) {
		t.Errorf("-check: %+v, %v", c, err)
	}
	c, err = configure([]string{"-check", "-world=all", "-run", "^assigned.*admin", "-connections=2,8", "-rounds=1", "-round=2s"}, &bytes.Buffer{})
	if err != nil || len(c.sizes) != 2 || len(c.operations) != 1 || c.whole() || !slices.Equal(c.connections, []int{2, 8}) || c.effort != (effort{time.Second, 2 * time.Second, 1}) {
		t.Errorf("all given: %+v, %v", c, err)
	}
}

func TestWhatCannotBeMeasured(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]string{
		"-world=huge": "huge", "-engine=oracle": "oracle", "-connections=1,none": `"none"`, "-connections=0": `"0"`, "-run=(": "-run", "-run=nothing": "nothing", "more": "more", "-speed": "-speed",
	} {
		if _, err := configure([]string{arguments}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", arguments, err)
		}
	}
}
