package kill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A follower watches one task across the deaths of the server, and cuts its own
// stream now and then.
type follower struct {
	client *wire.Client
	phase  *sync.RWMutex // held for writing while nobody may call
	random *rand.Rand
	task   string
	steady bool // the task is never deleted

	mu      sync.Mutex // guards tracker
	tracker Tracker
	reached *sync.Cond // told after each message, with mu
	fault   error      // the first
}

func newFollower(c *wire.Client, phase *sync.RWMutex, random *rand.Rand, task string, steady bool) *follower {
	f := &follower{client: c, phase: phase, random: random, task: task, steady: steady}
	f.tracker.Steady = steady
	f.reached = sync.NewCond(&f.mu)
	return f
}

// run watches until the context ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil && f.failed() == nil {
		if err := f.stream(ctx); err != nil && ctx.Err() == nil {
			f.mu.Lock()
			f.fault = fmt.Errorf("watch of %s: %w", f.task, err)
			f.reached.Broadcast()
			f.mu.Unlock()
		}
	}
}

// stream watches until the stream ends, is cut, or is cut by the follower; an
// error is a broken promise.
func (f *follower) stream(ctx context.Context) error {
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	history := 1000
	f.phase.RLock() // not before the server is back
	s, err := f.client.Watch(ctx, wire.WatchRequest{
		TaskID: f.task, Cursor: f.tracker.Cursor, History: &history,
		Follow: "WATCH_FOLLOW_FOREVER", WaitForCreate: true,
	})
	f.phase.RUnlock()
	if wire.Unsettled(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.Close()
	for range 1 + f.random.IntN(400) {
		m, err := s.Next()
		switch {
		case errors.Is(err, wire.ErrCut), errors.Is(err, io.EOF), wire.Unsettled(err):
			return nil
		case err != nil:
			return err
		}
		if err := f.take(m); err != nil {
			return err
		}
	}
	return nil
}

func (f *follower) take(m wire.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.reached.Broadcast()
	return f.tracker.Take(m)
}

func (f *follower) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// check holds what the follower saw against a history.
func (f *follower) check(history []wire.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != nil {
		return f.fault
	}
	if !f.steady {
		return nil // its history may be that of another incarnation
	}
	if err := f.tracker.Whole(history); err != nil {
		return fmt.Errorf("watch of %s: %w", f.task, err)
	}
	return nil
}

// wait waits until the follower has seen a sequence; an error is its fault, or
// that of the context.
func (f *follower) wait(ctx context.Context, sequence int64) error {
	stop := context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.reached.Broadcast()
	})
	defer stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.tracker.At < sequence && f.fault == nil && ctx.Err() == nil {
		f.reached.Wait()
	}
	if f.fault == nil && f.tracker.At < sequence {
		return fmt.Errorf("watch of %s: is at %d, the task at %d: %w", f.task, f.tracker.At, sequence, ctx.Err())
	}
	return f.fault
}
