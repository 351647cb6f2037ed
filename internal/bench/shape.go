package main

import (
	"context"
	"encoding/json"
	"fmt"

	"mandate/internal/bench/load"
	"mandate/internal/bench/operation"
	"mandate/internal/bench/world"
)

// shape compares the API with itself: what should not slow it down, and without that.
type shape struct {
	Title       string
	Plain, Hard []figures // at one connection, and at judged
}

// Latency is how much longer an answer takes at one connection.
func (s shape) Latency() float64 { return float64(s.Hard[0].P50) / float64(s.Plain[0].P50) }

// Rate is how many times fewer answers there are at judged connections.
func (s shape) Rate() float64 { return s.Plain[1].Rate / s.Hard[1].Rate }

const (
	pageLength = 50
	deepPage   = 1_000
)

// shapes compares the large world with the small one, and a page far behind with the first.
func shapes(ctx context.Context, e effort, small, large *site) ([]shape, error) {
	customers, few := find("assigned customers, administrator"), find("assigned customers, partner with ten")
	of := func(s *site, o operation.Operation) subject {
		return subject{[]*server{s.product}, s.source, s.requests(o)}
	}
	cursor, err := large.cursor(ctx, (deepPage-1)*pageLength)
	if err != nil {
		return nil, fmt.Errorf("walk to page %d: %w", deepPage, err)
	}
	deep := of(large, customers)
	deep.request = large.page(cursor)
	var list []shape
	for _, c := range []struct {
		title       string
		plain, hard subject
	}{
		{fmt.Sprintf("a page of customers, among %s and among %s", thousands(small.world.Size.Customers), thousands(large.world.Size.Customers)), of(small, customers), of(large, customers)},
		{fmt.Sprintf("customers, page 1 and page %s, among %s", thousands(deepPage), thousands(large.world.Size.Customers)), of(large, customers), deep},
		{"a partner with ten customers, in the small and in the large world", of(small, few), of(large, few)},
	} {
		s := shape{Title: c.title}
		for _, connections := range []int{1, judged} {
			f, err := contest(ctx, e, connections, c.plain, c.hard)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.title, err)
			}
			s.Plain, s.Hard = append(s.Plain, f[0]), append(s.Hard, f[1])
		}
		list = append(list, s)
	}
	return list, nil
}

// find returns an operation, which there is.
func find(title string) operation.Operation {
	for _, o := range operation.Operations {
		if o.Title == title {
			return o
		}
	}
	panic("there is no operation " + title)
}

// page returns what asks for the page of assigned customers behind a cursor.
func (s *site) page(cursor string) func() (string, []byte) {
	next := s.requests(find("assigned customers, administrator"))
	body := operation.Body("AssignedCustomers", map[string]any{"first": pageLength, "after": cursor})
	return func() (string, []byte) {
		token, _ := next()
		return token, body
	}
}

const walk = `query($first: Int!, $after: String) { customers(first: $first, after: $after) { pageInfo { hasNextPage endCursor } } }`

// cursor walks over n assigned customers, and returns where that leads to.
func (s *site) cursor(ctx context.Context, n int) (string, error) {
	c, err := load.Dial(ctx, s.product.address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	var after *string
	for n > 0 {
		first := min(n, 100)
		body, err := json.Marshal(map[string]any{"query": walk, "variables": map[string]any{"first": first, "after": after}})
		if err != nil {
			return "", err
		}
		text, err := c.Ask(s.world.Tokens[world.PartnerAdmin][0], body)
		if err != nil {
			return "", err
		}
		var answer struct {
			Data struct {
				Customers struct {
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
				}
			}
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			return "", err
		}
		at := answer.Data.Customers.PageInfo
		if !at.HasNextPage {
			return "", fmt.Errorf("the list ends %d customers too early", n-first)
		}
		after = &at.EndCursor
		n -= first
	}
	return *after, nil
}
