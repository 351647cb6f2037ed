package mandate

import (
	"context"

	"mandate/internal/viewer"
)

// CountGuess counts a wrong password without comparing any: that takes too long to be done ten thousand times.
func (s *Service) CountGuess(ctx context.Context, account string) error {
	g := newGuess(account, viewer.From(ctx))
	return s.countTry(ctx, g, g.subjects())
}
