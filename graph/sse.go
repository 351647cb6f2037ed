package graph

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"mandate/internal/graphqlhttp"
	"mandate/internal/telemetry"
	"mandate/internal/viewer"
)

// heartbeat is how often a stream of events says that it goes on, for what stands between server and client.
const heartbeat = 15 * time.Second

// events is a stream of server-sent events by which one subscription is answered, as the "distinct connections mode" of
// https://github.com/enisdenjo/graphql-sse has it.
type events struct {
	w    http.ResponseWriter
	conn *http.ResponseController
}

// serveEvents answers a subscription with a stream of events, until it ends or the client has gone. A stream without the event
// complete broke off, and whoever subscribed comes back.
func (h *handler) serveEvents(w http.ResponseWriter, r *http.Request) {
	ctx := graphql.StartOperationTrace(r.Context())
	slot, err := h.config.Connections.enter(viewer.From(ctx), eventStream)
	if err != nil {
		h.refuse(ctx, w, r, http.StatusServiceUnavailable, err)
		return
	}
	defer slot.leave()
	request, refusal := graphqlhttp.Read(w, r)
	if refusal != nil {
		h.refuse(ctx, w, r, refusal.Status, &fault{refusal.Code, refusal.Message})
		return
	}
	subscription, refused := h.open(ctx, w.Header(), request)
	if refused != nil && tellThrottled(w.Header(), refused.Errors) {
		graphqlhttp.Write(w, graphqlhttp.JSON, http.StatusTooManyRequests, withoutData(refused))
		return
	}
	out := openEvents(w)
	if refused != nil {
		out.last(refused)
		return
	}
	defer subscription.stop()
	slot.subscribed(1)
	defer slot.subscribed(-1)
	telemetry.From(ctx).Streamed(telemetry.EventStream)
	stopped := context.AfterFunc(ctx, out.hurry)
	defer stopped()
	out.tell(ctx, subscription, func(err error) *graphql.Response { return h.fault(ctx, err) })
}

// openEvents begins the answer.
func openEvents(w http.ResponseWriter) *events {
	w.Header().Set("Content-Type", graphqlhttp.Events+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx keeps answers back until they are long
	e := &events{w, http.NewResponseController(w)}
	_ = e.conn.SetReadDeadline(time.Time{}) // the server's own would end the answer
	return e
}

// tell writes what happens, until the stream or ctx ends, or the client takes no more.
func (e *events) tell(ctx context.Context, of *stream, fault func(error) *graphql.Response) {
	ctx, cancel := context.WithCancel(ctx)
	happened := make(chan happening)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() { listen(ctx, of, happened) })
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for err := e.write(": subscribed\n\n"); err == nil; {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			err = e.write(":\n\n")
		case h := <-happened:
			switch {
			case h.err == nil:
				err = e.next(written(h.response))
			case errors.Is(h.err, errBehind):
				return
			default:
				e.last(fault(h.err))
				return
			}
		}
	}
}

// happening is what the next event came to, or why there is none.
type happening struct {
	response *graphql.Response
	err      error
}

// listen hands on what happens, one event after the other, until the stream or ctx ends.
func listen(ctx context.Context, of *stream, to chan<- happening) {
	for {
		response, err := of.next(ctx)
		select {
		case to <- happening{response, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (e *events) next(result []byte) error {
	return e.write("event: next\ndata: " + string(result) + "\n\n") // JSON, without line breaks
}

// last writes why there is nothing more.
func (e *events) last(refused *graphql.Response) {
	text, err := json.Marshal(withoutData(refused))
	if err != nil {
		panic(err) // errors are made of what can be written
	}
	if e.next(text) == nil {
		_ = e.write("event: complete\ndata:\n\n") // a client that has gone hears nothing
	}
}

// write writes a part, and gives the client some time to take it.
func (e *events) write(text string) error {
	_ = e.conn.SetWriteDeadline(time.Now().Add(writeWait)) // in place of the server's, which is for a whole answer
	_, err := io.WriteString(e.w, text)
	return errors.Join(err, e.conn.Flush())
}

// hurry leaves a client little time to take what is being written: the server stops, or the client has gone.
func (e *events) hurry() { _ = e.conn.SetWriteDeadline(time.Now().Add(time.Second)) }
