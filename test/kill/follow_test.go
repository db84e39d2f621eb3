package kill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

const (
	burstSize    = 1000
	burstTask    = "burst"
	burstWriters = 4
	maxBack      = 200 // messages that a watcher jumps back
)

// Watchers that are attached before, during and after a burst of 1,000 updates,
// that reconnect at random cursors, read slowly or not at all for a while, and
// live through kill -9 and a restart, see each sequence exactly once.
func TestWatchersSeeEachSequenceExactlyOnce(t *testing.T) {
	b := newBurst(t)
	attach := func(n int, name string, from <-chan struct{}) {
		for i := range n {
			b.follow(fmt.Sprintf("%s %d", name, i), from, i%10 == 9)
		}
	}
	now, done := make(chan struct{}), make(chan struct{})
	close(now)
	attach(40, "before", now)
	b.waitAttached(40)
	attach(20, "during, at 300", b.book.After(300))
	attach(20, "during, at 700", b.book.After(700))
	attach(20, "after", done)

	half := b.book.After(burstSize / 2)
	var writers sync.WaitGroup
	for n := range burstWriters {
		writers.Go(func() { b.write(fmt.Sprintf("writer %d", n)) })
	}
	<-half
	b.restart()
	writers.Wait()
	close(done)
	close(b.over)
	b.followers.Wait()
	b.check()
}

// A burst is one task, written to by some and watched by many.
type burst struct {
	t       *testing.T
	ctx     context.Context
	config  server.Config
	process *server.Process
	client  *wire.Client
	book    *Book
	phase   sync.RWMutex
	over    chan struct{} // closed when all is written

	followers sync.WaitGroup
	attached  chan struct{}       // gets one for each watcher's first message
	seen      map[string]*Tracker // :: name of the watcher -> what it saw
}

func newBurst(t *testing.T) *burst {
	program := binary(t) // before the clock starts: building takes its time
	addr, err := server.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	b := &burst{
		t: t, ctx: ctx, book: NewBook(), over: make(chan struct{}), attached: make(chan struct{}, 100), seen: map[string]*Tracker{},
		config: server.Config{Binary: program, Dir: t.TempDir(), Addr: addr, Key: adminKey},
		client: &wire.Client{
			URL: "http://" + addr, Key: adminKey,
			HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
		},
	}
	if b.process, err = server.Start(ctx, b.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.process.Kill() })
	b.caller("first").create(ctx, burstTask)
	return b
}

func (b *burst) caller(name string) *caller {
	return &caller{client: b.client, book: b.book, phase: &b.phase, name: name, random: rand.New(rand.NewPCG(*seed, 5))}
}

// write adds its share of the updates, one event each.
func (b *burst) write(name string) {
	c := b.caller(name)
	for n := range burstSize / burstWriters {
		text := c.text()
		event := map[string]any{"message": text, "progress": n % 101}
		c.do(b.ctx, "AddEvent", burstTask, map[string]any{"event": event}, Entry{Kind: "task.event", Text: text})
	}
}

func (b *burst) restart() {
	if err := b.process.Kill(); err != nil {
		b.t.Error(err)
	}
	b.phase.Lock()
	defer b.phase.Unlock()
	b.client.HTTP.CloseIdleConnections()
	var err error
	if b.process, err = server.Start(b.ctx, b.config); err != nil {
		b.t.Fatal(err)
	}
}

// follow watches from some moment on until it has seen the last update. A slow
// one reads nothing until the burst is over.
func (b *burst) follow(name string, from <-chan struct{}, slow bool) {
	seed1 := *seed ^ uint64(len(b.seen))<<32
	w := &wanderer{Tracker: Tracker{Steady: true}, cursors: map[int64]string{}, random: rand.New(rand.NewPCG(seed1, 7))}
	b.seen[name] = &w.Tracker
	b.followers.Go(func() {
		select {
		case <-from:
		case <-b.ctx.Done():
		}
		for b.ctx.Err() == nil && w.newest <= burstSize {
			if err := b.stream(w, slow); err != nil {
				b.t.Errorf("%s: seed %d: %v", name, *seed, err)
				return
			}
			w.jump()
		}
	})
}

// A wanderer goes on, after each cut, behind any message that it once saw.
type wanderer struct {
	Tracker
	cursors map[int64]string // :: sequence -> a cursor behind it
	newest  int64            // sequence that was seen; 0 before the first message
	random  *rand.Rand
}

// read takes the next message and keeps its cursor.
func (w *wanderer) read(m wire.Message) error {
	if err := w.Take(m); err != nil {
		return err
	}
	w.cursors[w.At] = w.Cursor
	w.newest = max(w.newest, w.At)
	return nil
}

// jump goes back behind one of the last messages.
func (w *wanderer) jump() {
	known := slices.Sorted(maps.Keys(w.cursors))
	if len(known) == 0 {
		return
	}
	back := w.random.IntN(min(len(known), maxBack))
	at := known[len(known)-1-back]
	w.Resume(w.cursors[at], at)
}

func (b *burst) stream(w *wanderer, slow bool) error {
	ctx, cut := context.WithCancel(b.ctx)
	defer cut()
	history := 1000
	b.phase.RLock()
	s, err := b.client.Watch(ctx, wire.WatchRequest{TaskID: burstTask, Cursor: w.Cursor, History: &history, Follow: "WATCH_FOLLOW_FOREVER"})
	b.phase.RUnlock()
	if err != nil {
		if wire.Unsettled(err) {
			return nil
		}
		return err
	}
	defer s.Close()
	if slow {
		select {
		case <-b.over:
		case <-b.ctx.Done():
		}
	}
	for range 1 + w.random.IntN(300) {
		m, err := s.Next()
		if errors.Is(err, wire.ErrCut) || errors.Is(err, io.EOF) || wire.Unsettled(err) {
			return nil
		}
		if w.newest == 0 {
			b.attached <- struct{}{}
		}
		if err == nil {
			err = w.read(m)
		}
		if err != nil {
			return err
		}
		if w.newest > burstSize {
			return nil
		}
	}
	return nil
}

// waitAttached waits until n watchers have their first message. Slow ones are not
// waited for, they have not read it yet.
func (b *burst) waitAttached(n int) {
	for range n - n/10 {
		select {
		case <-b.attached:
		case <-b.ctx.Done():
			b.t.Fatal("not every watcher was attached")
		}
	}
}

// check holds what everybody saw against the history.
func (b *burst) check() {
	o, err := Observe(b.ctx, b.client, []string{burstTask}, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range append(Check(b.book.Pages(), o), b.book.Faults()...) {
		b.t.Error(f)
	}
	history := o.Tasks[burstTask].History
	if len(history) != burstSize+1 {
		b.t.Errorf("history has %d events, want %d", len(history), burstSize+1)
	}
	for name, tracker := range b.seen {
		tracker.At = burstSize + 1
		if err := tracker.Whole(history); err != nil {
			b.t.Errorf("%s: seed %d: %v", name, *seed, err)
		}
	}
}
