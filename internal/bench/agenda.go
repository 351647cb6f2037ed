package main

import (
	"context"
	"fmt"
	"io"

	"mandate/internal/bench/world"
)

// measure measures all that was asked for.
func (b *bench) measure(ctx context.Context, c config) (*report, error) {
	r := &report{Machine: thisMachine()}
	err := b.each(ctx, c, func(s *site) error {
		part, err := b.operations(ctx, c, s)
		if err != nil {
			return err
		}
		part.Memory, _ = s.product.Memory()
		if c.whole() {
			if part.SignIns, err = b.signIns(ctx, c.effort, s); err != nil {
				return err
			}
			part.WithSignIns, _ = s.product.Memory()
		}
		r.Sites = append(r.Sites, part)
		return nil
	})
	if err == nil && c.whole() {
		err = b.beyond(ctx, c.effort, r)
	}
	return r, err
}

// operations measures the operations at a site.
func (b *bench) operations(ctx context.Context, c config, s *site) (siteReport, error) {
	part := siteReport{Engine: s.name, Version: s.version, Size: s.world.Size}
	for _, o := range c.operations {
		if err := s.equal(ctx, o); err != nil {
			return part, fmt.Errorf("%s, %s: %w", s, o.Title, err)
		}
		measured := operationReport{Operation: o}
		for _, connections := range c.connections {
			p, err := s.contest(ctx, c.effort, connections, o)
			if err != nil {
				return part, err
			}
			b.say("%s, at %d: %s: %.0f/s, the floor %.0f/s, ratio %.2f", s, connections, o.Title, p.Product.Rate, p.Floor.Rate, p.Ratio())
			measured.Pairs = append(measured.Pairs, p)
		}
		part.Operations = append(part.Operations, measured)
	}
	return part, nil
}

func (b *bench) signIns(ctx context.Context, e effort, s *site) (list []signIns, err error) {
	for _, connections := range []int{1, signInsAtOnce} {
		n, err := s.signIn(ctx, e, connections)
		if err != nil {
			return nil, err
		}
		b.say("%s, at %d: sign-in: %.0f/s of %.0f/s", s, connections, n.Product.Rate, n.Compared)
		list = append(list, n)
	}
	return list, nil
}

// beyond measures what is not one operation: growth, several servers, and what the program takes.
func (b *bench) beyond(ctx context.Context, e effort, r *report) (err error) {
	small, large := b.find(maria, world.Small), b.find(maria, world.Large)
	if small != nil && large != nil {
		b.say("growth")
		if r.Shapes, err = shapes(ctx, e, small, large); err != nil {
			return err
		}
	}
	if most := b.largest(); most != nil {
		b.say("several servers")
		if r.Scales, err = b.scales(ctx, e, most); err != nil {
			return err
		}
	}
	b.say("footprint")
	r.Footprint, err = b.footprint(ctx)
	return err
}

// find returns an open site; nil when there is none.
func (b *bench) find(engine string, size world.Size) *site {
	for _, s := range b.sites {
		if s.name == engine && s.world.Size == size {
			return s
		}
	}
	return nil
}

// largest returns the open site with most customers on a database server; nil when there is none.
func (b *bench) largest() (most *site) {
	for _, s := range b.sites {
		if s.name == maria && (most == nil || s.world.Size.Customers > most.world.Size.Customers) {
			most = s
		}
	}
	return most
}

// check measures the operations, prints each ratio with its bound, and fails when one is below that, and a second time.
func (b *bench) check(ctx context.Context, c config, out io.Writer) error {
	missed := 0
	err := b.each(ctx, c, func(s *site) error {
		part, err := b.operations(ctx, c, s)
		if err != nil {
			return err
		}
		for _, o := range part.Operations {
			for _, p := range o.Pairs {
				ok, err := b.judge(ctx, c.effort, s, o, p, out)
				if err != nil {
					return err
				}
				if !ok {
					missed++
				}
			}
		}
		return nil
	})
	if err == nil && missed > 0 {
		err = fmt.Errorf("%d ratios are below their bounds", missed)
	}
	return err
}

// judge prints a ratio, and reports whether it keeps its bound. What does not is measured once more, for it may be noise.
func (b *bench) judge(ctx context.Context, e effort, s *site, o operationReport, p pair, out io.Writer) (bool, error) {
	again := ""
	if p.Ratio() < least(s.name, o.Operation) {
		again = fmt.Sprintf(" (measured again after %.2f)", p.Ratio())
		var err error
		if p, err = s.contest(ctx, e, p.Connections, o.Operation); err != nil {
			return false, err
		}
	}
	ok := p.Ratio() >= least(s.name, o.Operation)
	fmt.Fprintf(out, "%-4s %.2f of the floor, bound %.2f: %s, %s%s\n", verdictWord(ok), p.Ratio(), least(s.name, o.Operation), s.name, o.Title, again)
	return ok, nil
}

func verdictWord(ok bool) string {
	if ok {
		return "ok"
	}
	return "FAIL"
}
