package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"mandate/internal/bench/world"
)

// bench is the workshop: the program that is measured, and what was started to measure it.
type bench struct {
	binary   string
	dir      string // of all that is thrown away
	progress io.Writer
	engines  map[string]*engine
	sites    []*site
}

// moduleRoot returns the directory of the module that this program is part of.
func moduleRoot(ctx context.Context) (string, error) {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	return filepath.Dir(string(bytes.TrimSpace(module))), nil
}

// build builds the program as a user does, and returns where it is.
func build(ctx context.Context, root string, progress io.Writer) (string, error) {
	c := exec.CommandContext(ctx, "make", "--no-print-directory", "build")
	c.Dir, c.Stdout, c.Stderr = root, progress, progress
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("make build: %w", err)
	}
	return filepath.Join(root, "bin", "mandate"), nil
}

// newBench makes the directory. The caller closes the bench.
func newBench(binary string, progress io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp("", "mandate-bench-")
	return &bench{binary: binary, dir: dir, progress: progress, engines: make(map[string]*engine)}, err
}

// close ends what was started and removes the directory.
func (b *bench) close() error {
	for _, s := range b.sites {
		s.close()
	}
	for _, e := range b.engines {
		e.stop()
	}
	return os.RemoveAll(b.dir)
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "%s %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// engine returns an engine by name, which is started when it was not yet.
func (b *bench) engine(ctx context.Context, name string) (*engine, error) {
	if e := b.engines[name]; e != nil {
		return e, nil
	}
	e := &engine{name: name}
	if name == maria {
		var err error
		if e, err = startMariaDB(ctx, b.dir); err != nil {
			return nil, err
		}
	}
	b.engines[name] = e
	return e, nil
}

// each opens site after site and hands it over. All stay open until the bench is closed.
func (b *bench) each(ctx context.Context, c config, do func(*site) error) error {
	for _, name := range c.engines {
		for _, size := range c.sizes {
			if name == sqlite && size == world.Large {
				continue
			}
			s, err := b.open(ctx, name, size)
			if err != nil {
				return err
			}
			if err := do(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// open makes a site: a world, and the servers over it.
func (b *bench) open(ctx context.Context, name string, size world.Size) (*site, error) {
	e, err := b.engine(ctx, name)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	source, err := e.source(ctx, b.dir, size)
	if err != nil {
		return nil, fmt.Errorf("build the %s world on %s: %w", size.Name, name, err)
	}
	s, err := b.site(source)
	if err != nil {
		return nil, err
	}
	b.sites = append(b.sites, s)
	b.say("%s: built in %v; the API's profiles are at http://%s/debug/pprof/", s, time.Since(begun).Round(100*time.Millisecond), s.product.operations)
	return s, nil
}
