package rule

import (
	"context"
	"fmt"

	"mandate/ent"
)

// AppendOnly is a hook that lets rows be created, and refuses every other write, whoever asks: the program itself and
// domain operations too, which go around policies.
func AppendOnly(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if !m.Op().Is(ent.OpCreate) {
			return nil, fmt.Errorf("%s is written once, and neither changed nor deleted", m.Type())
		}
		return next.Mutate(ctx, m)
	})
}
