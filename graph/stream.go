package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"mandate/graph/exec"
	"mandate/internal/auth"
	"mandate/internal/feed"
	"mandate/internal/mandate"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// Why a stream ends. After each of them, whoever comes back has to read anew what they show.
var (
	errSessionEnded = errors.New("the session has ended, or the API token does not work any more")
	errRightLost    = errors.New("the permission that this takes was lost")
	errBehind       = errors.New("changes may be missed") // they were not read fast enough, or the database is away for too long
)

const (
	checkEvery = 3 * time.Second        // how often session and right are looked at while nothing happens
	lossLimit  = 5 * time.Second        // until a stream ends whose viewer lost one of them, or of whom that cannot be found out
	pause      = 250 * time.Millisecond // until something is tried again that the database did not answer
)

// stream is a subscription under way. It belongs to one goroutine.
type stream struct {
	*handler
	change
	viewer   viewer.Viewer // as it was when the subscription began
	op       *graphql.OperationContext
	tenantID string
	events   <-chan *feed.Event
	stop     func()    // ends the events; called in the end
	waiting  []string  // ids of rows to tell of, each once
	checked  time.Time // when session and right were looked at last with success
}

// next waits for a change that the viewer may see and returns what it looks like to them now. Its response may have errors, as
// that of a query may. Changes that the viewer may not see are left out.
//
// An error ends the stream: errSessionEnded, errRightLost, errBehind, a *mandate.Throttled when the responses cost more than the
// viewer's budget has, or that of ctx. Session and right are looked at before and after each response is made, and every
// few seconds while there is nothing to tell. ctx need not be the one that the stream was begun in.
func (s *stream) next(ctx context.Context) (*graphql.Response, error) {
	ctx = telemetry.With(viewer.With(ctx, s.viewer), nil) // what is noted is that it began
	for {
		if err := s.wait(ctx); err != nil {
			return nil, err
		}
		answer, err := s.step(ctx)
		if err != nil {
			err = s.survive(ctx, err)
		}
		if answer != nil || err != nil {
			return answer, err
		}
	}
}

// wait waits until there is something to tell, or session and right are to be looked at again.
func (s *stream) wait(ctx context.Context) error {
	due := time.NewTimer(time.Until(s.checked.Add(checkEvery)))
	defer due.Stop()
	for len(s.waiting) == 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-due.C:
			return nil
		case e, more := <-s.events:
			if !more {
				return errBehind
			}
			s.waiting = e.Rows(s.kind)
		}
	}
	return s.gather()
}

// gather takes what else has happened by now, so that a row that changed several times is told of once.
func (s *stream) gather() error {
	for len(s.waiting) < mostRows {
		select {
		case e, more := <-s.events:
			if !more {
				return errBehind
			}
			for _, id := range e.Rows(s.kind) {
				if !slices.Contains(s.waiting, id) {
					s.waiting = append(s.waiting, id)
				}
			}
		default:
			return nil
		}
	}
	return nil
}

// step makes the next response, if there is something to tell that the viewer sees, and looks at session and right. A response
// is given away only when both were there after all that it holds was read: nothing in it was written after they were lost.
func (s *stream) step(ctx context.Context) (answer *graphql.Response, err error) {
	ctx, cancel := context.WithDeadline(ctx, s.checked.Add(lossLimit))
	defer cancel()
	if len(s.waiting) > 0 {
		if answer, err = s.tell(ctx, s.waiting[0]); err != nil {
			return nil, err
		}
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	s.waiting = s.waiting[min(len(s.waiting), 1):]
	return answer, nil
}

// tell executes the operation for a row. There is no response when the viewer does not see it.
func (s *stream) tell(ctx context.Context, id string) (*graphql.Response, error) {
	ctx, err := s.config.Sessions.Again(ctx)
	if err != nil {
		return nil, err
	}
	ctx, err = s.config.Budgets.again(ctx, make(http.Header))
	defer leave(ctx)
	if err == nil {
		err = charge(ctx, s.op)
	}
	if err != nil {
		return nil, err
	}
	o := &occasion{change: s.change, id: id}
	responses, ctx := s.exec.DispatchOperation(context.WithValue(exec.Beside(ctx, mostBeside), occasionKey{}, o), s.op)
	answer := responses(ctx)
	switch {
	case errors.Is(o.failed, errHidden):
		return nil, nil
	case o.failed != nil:
		return nil, o.failed
	case answer == nil: // its time was over
		return nil, ctx.Err()
	}
	slices.SortStableFunc(answer.Errors, byPath)
	return answer, nil
}

// check looks at session and right.
func (s *stream) check(ctx context.Context) error {
	began := time.Now()
	ctx, err := s.config.Sessions.Again(ctx)
	if err != nil {
		return err
	}
	if err := s.heard(rootField(ctx, s.config, true), s.tenantID); err != nil {
		return err
	}
	s.checked = began
	return nil
}

// survive returns by what the stream ends, if a step failed so that it does. Otherwise it waits until the step can be tried again.
func (s *stream) survive(ctx context.Context, failed error) error {
	var throttled *mandate.Throttled
	switch code := classify(failed).code; {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(failed, &throttled):
		return throttled
	case errors.Is(failed, auth.ErrNoSession), code == errUnauthenticated.code:
		return errSessionEnded
	case code == errNoTenant.code, code == errForbidden.code:
		return errRightLost
	case time.Since(s.checked) >= lossLimit:
		slog.WarnContext(ctx, "a subscription ends, since nobody can tell whether it may go on", "requestId", s.viewer.RequestID, "error", failed)
		return errBehind
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
