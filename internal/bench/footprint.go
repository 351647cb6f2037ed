package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mandate/internal/bench/load"
)

// footprint is what the program takes.
type footprint struct {
	Program int64         // bytes of the file
	Start   time.Duration // from the start, with a new SQLite database, to the first answer
}

// starts is how often starting is tried.
const starts = 5

func (b *bench) footprint(ctx context.Context) (f footprint, err error) {
	info, err := os.Stat(b.binary)
	if err != nil {
		return f, err
	}
	f.Program = info.Size()
	var took []time.Duration
	for i := range starts {
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		d, err := b.start(ctx, filepath.Join(b.dir, fmt.Sprintf("start%d.db", i)))
		if err != nil {
			return f, fmt.Errorf("start on an empty database: %w", err)
		}
		took = append(took, d)
	}
	f.Start = median(took)
	return f, nil
}

// start starts the server with a database that it has to make, and returns how long that and a first answer take.
func (b *bench) start(ctx context.Context, path string) (time.Duration, error) {
	begun := time.Now()
	s, err := b.product("sqlite:" + path)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	c, err := load.Dial(ctx, s.address)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_, err = c.Ask("", []byte(`{"query":"{ __typename }"}`))
	return time.Since(begun), err
}
