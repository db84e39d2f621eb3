package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// watchedEvents is how many there are, one after the other has reached everybody.
const watchedEvents = 20

// watchers attaches many watchers to one task, weighs the server, and sees that
// each gets every event once.
func watchers(ctx context.Context, o options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b, err := newBench(ctx, o, "watchers", nil)
	if err != nil {
		return err
	}
	defer func() { _ = b.process.Kill() }()
	if _, err := b.api.Call(ctx, "Create", "", map[string]any{"taskId": "watched"}, nil); err != nil {
		return err
	}
	before := pss(b.process.PID())
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	crowd := crowd{api: &wire.Client{URL: b.url, HTTP: &http.Client{Transport: &http.Transport{Protocols: h2}}}}
	if err := crowd.attach(ctx, o.watchers); err != nil {
		return err
	}
	idle := pss(b.process.PID())
	var times []time.Duration
	for n := range watchedEvents {
		start := time.Now()
		if err := b.post("AddEvent", fmt.Appendf(nil, `{"taskId":"watched","event":{"message":"event %d"}}`, n)); err != nil {
			return err
		}
		if err := crowd.reach(ctx, int64(n+2)); err != nil {
			return err
		}
		times = append(times, time.Since(start))
	}
	busy := pss(b.process.PID())
	slices.Sort(times)
	kib := func(n int64) float64 { return float64(n-before) / float64(o.watchers) / (1 << 10) }
	fmt.Printf("\n%-10s %d watchers over HTTP/2: %.1f KiB each idle, %.1f KiB after %d events; an event reached all of them in p50 %.0f ms, max %.0f ms; missed 0, twice 0\n",
		"watchers", o.watchers, kib(idle), kib(busy), watchedEvents, ms(percentile(times, 50)), ms(times[len(times)-1]))
	cancel()
	return b.process.Stop()
}

// A crowd are the watchers of one task.
type crowd struct {
	api *wire.Client

	attached atomic.Int64
	mu       sync.Mutex
	seen     map[int64]int // :: sequence -> how many have it
	err      error         // of the first that failed
	changed  chan struct{} // has an element if something happened
}

// attach lets so many watch, and returns when all are current.
func (c *crowd) attach(ctx context.Context, n int) error {
	c.seen, c.changed = map[int64]int{}, make(chan struct{}, 1)
	for range n {
		go c.watch(ctx)
	}
	return c.until(ctx, func() bool { return c.attached.Load() == int64(n) })
}

// reach returns when all have the event of a sequence.
func (c *crowd) reach(ctx context.Context, sequence int64) error {
	return c.until(ctx, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.seen[sequence] == int(c.attached.Load())
	})
}

func (c *crowd) until(ctx context.Context, done func() bool) error {
	for {
		if done() {
			return nil
		}
		select {
		case <-c.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		c.mu.Lock()
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (c *crowd) tell() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *crowd) watch(ctx context.Context) {
	err := c.follow(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && ctx.Err() == nil {
		c.err = fmt.Errorf("a watcher ended: %w", err)
	}
	c.tell()
}

func (c *crowd) follow(ctx context.Context) error {
	s, err := c.api.Watch(ctx, wire.WatchRequest{TaskID: "watched", Follow: "WATCH_FOLLOW_FOREVER"})
	if err != nil {
		return err
	}
	defer s.Close()
	for at := int64(0); ; {
		m, err := s.Next()
		switch {
		case err != nil:
			return err
		case m.Snapshot != nil:
			at = m.Sequence
		case m.Current != nil:
			c.attached.Add(1)
			c.tell()
		case m.Event != nil:
			if m.Sequence != at+1 {
				return fmt.Errorf("after event %d came %d", at, m.Sequence)
			}
			at = m.Sequence
			c.mu.Lock()
			c.seen[at]++
			c.mu.Unlock()
			c.tell()
		case m.Heartbeat == nil:
			return fmt.Errorf("an unexpected message: %+v", m)
		}
	}
}
