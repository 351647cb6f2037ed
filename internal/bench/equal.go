package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"mandate/internal/bench/load"
	"mandate/internal/bench/operation"
)

// compared is how many requests of an operation both sides have to answer alike before it is measured.
const compared = 24

// equal returns nil when product and floor answer an operation alike: byte for byte, but for what no two writes have in common.
func (s *site) equal(ctx context.Context, o operation.Operation) error {
	product, err := load.Dial(ctx, s.product.address)
	if err != nil {
		return err
	}
	defer product.Close()
	floor, err := load.Dial(ctx, s.floor.address)
	if err != nil {
		return err
	}
	defer floor.Close()
	next := s.requests(o)
	for range compared {
		token, body := next()
		theirs, err := product.Ask(token, body)
		if err != nil {
			return fmt.Errorf("the API: %w\n%s", err, s.product.complaints())
		}
		if o.Mutation {
			token, body = next() // for what is written already is not written again
		}
		ours, err := floor.Ask(token, body)
		if err != nil {
			return fmt.Errorf("the floor: %w\n%s", err, s.floor.complaints())
		}
		if o.Mutation {
			theirs, ours = blank(theirs), blank(ours)
		}
		if err := same(theirs, ours); err != nil {
			return fmt.Errorf("%s: %w", body, err)
		}
	}
	return nil
}

// own is what is a write's own: ids, times, versions and the address that is invited.
var own = regexp.MustCompile(`"[a-z]{3}_[0-9A-Za-z]+"|"\d{4}-\d\d-\d\dT[0-9:.]+Z"|"version":\d+|"invited\d+@`)

func blank(answer []byte) []byte { return own.ReplaceAll(answer, []byte("*")) }

var nothing = regexp.MustCompile(`^\{"data":(null|\{"\w+":null)`)

// same returns where two answers differ. Answers that tell nothing are the same as no others: they prove nothing.
func same(product, floor []byte) error {
	if nothing.Match(product) {
		return fmt.Errorf("the API has nothing to tell: %s", product)
	}
	if bytes.Equal(product, floor) {
		return nil
	}
	at := 0
	for at < min(len(product), len(floor)) && product[at] == floor[at] {
		at++
	}
	around := func(b []byte) []byte { return b[max(0, at-100):min(len(b), at+100)] }
	return fmt.Errorf("the answers differ at byte %d\nAPI:   %s\nfloor: %s", at, around(product), around(floor))
}
