package object

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/watch"
)

// Config says how a Host works. Class, Journal, Home and Now are required; every
// other field has a usable zero value.
type Config[S, E any] struct {
	Class   Class[S, E]
	Journal Journal
	Home    Home[S, E]

	// Now tells the time of events: Unix microseconds, UTC. It may jump.
	Now func() int64

	// Uptime tells how time passes: it never jumps. If nil, the process's
	// monotonic clock.
	Uptime func() time.Duration

	// Log receives what an operator should know. If nil, it is discarded.
	Log *slog.Logger

	// Scribes is how many write home at once. If zero, 4.
	Scribes int

	// IdleAfter is how long an object is not changed before it is taken home. If
	// zero, 1 s.
	IdleAfter time.Duration

	// OldAfter is how long an event stays away from home at most, as long as
	// homes can be written. If zero, 30 s.
	OldAfter time.Duration

	// SleepAfter is how long an object that is home stays in memory unused. If
	// zero, 5 s.
	SleepAfter time.Duration

	// MaxPendingBytes bounds the memory of events that are not home yet; beyond
	// it they are read back from the journal. If zero, 256 MiB.
	MaxPendingBytes int64

	// MaxAsideBytes bounds the events of one object whose home cannot be
	// written; beyond it the object's own changes fail with journal.ErrFull. If
	// zero, 8 MiB.
	MaxAsideBytes int64

	// MaxTailBytes bounds the memory of messages kept for followers. If zero,
	// 256 MiB.
	MaxTailBytes int64

	// FullDelay is how long a change waits for room in a full journal before it
	// fails with journal.ErrFull. If zero, 1 s.
	FullDelay time.Duration
}

func (c *Config[S, E]) fill() error {
	switch {
	case c.Class == nil:
		return errors.New("object: Config.Class is required")
	case c.Journal == nil:
		return errors.New("object: Config.Journal is required")
	case c.Home == nil:
		return errors.New("object: Config.Home is required")
	case c.Now == nil:
		return errors.New("object: Config.Now is required")
	}
	if c.Uptime == nil {
		start := time.Now()
		c.Uptime = func() time.Duration { return time.Since(start) }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	def(&c.Scribes, 4)
	def(&c.IdleAfter, time.Second)
	def(&c.OldAfter, 30*time.Second)
	def(&c.SleepAfter, 5*time.Second)
	def(&c.MaxPendingBytes, 256<<20)
	def(&c.MaxAsideBytes, 8<<20)
	def(&c.MaxTailBytes, 256<<20)
	def(&c.FullDelay, time.Second)
	return nil
}

func def[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// A Host keeps the objects of one class. It is safe for concurrent use.
//
// Locks are taken in this order: an object's, then the host's, then a topic's.
type Host[S, E any] struct {
	cfg   Config[S, E]
	class Class[S, E]

	mu       sync.Mutex
	live     map[string]*object[S, E]               // :: id -> its only live object
	topics   map[int64]*watch.Topic[*Message[S, E]] // :: generation -> its followers' topic
	births   map[string]*birth                      // :: id -> who waits for its creation
	written  map[int64]bool                         // :: generation -> this process made its file durable, the forget is not committed
	down     error                                  // why no call is taken; nil while the journal works
	urgeAt   time.Duration                          // when urge may next look at every object
	flights  map[[32]byte]chan struct{}             // :: idempotency digest -> closed when its call has ended
	draining chan struct{}                          // closed by Drain
	stopped  chan struct{}                          // closed when Stop ends the goroutines

	queue   queue[S, E]
	homes   homeQueue[S, E]
	files   fileLocks
	agenda  agenda[S, E]
	shown   shown
	budget  *watch.Budget
	pending atomic.Int64 // bytes of events in memory that are not home

	ctx     context.Context // ends with Stop
	cancel  context.CancelFunc
	drain   sync.Once
	workers sync.WaitGroup
}

// New returns a Host. It starts nothing until Start.
func New[S, E any](cfg Config[S, E]) (*Host[S, E], error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	h := &Host[S, E]{
		cfg:      cfg,
		class:    cfg.Class,
		live:     make(map[string]*object[S, E]),
		topics:   make(map[int64]*watch.Topic[*Message[S, E]]),
		births:   make(map[string]*birth),
		written:  make(map[int64]bool),
		flights:  make(map[[32]byte]chan struct{}),
		draining: make(chan struct{}),
		stopped:  make(chan struct{}),
		budget:   watch.NewBudget(cfg.MaxTailBytes),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.queue.init()
	h.homes.init()
	h.files.init()
	h.agenda.init()
	h.shown.init(cfg.Journal.LSN())
	return h, nil
}

// Start begins to take calls, and to write home what an earlier process left in
// the journal. Stop must be called.
func (h *Host[S, E]) Start() {
	h.workers.Go(h.commitLoop)
	for range h.cfg.Scribes {
		h.workers.Go(h.scribeLoop)
	}
	h.workers.Go(h.agendaLoop)
	h.workers.Go(h.brokeLoop)
	h.workers.Go(h.backlogLoop)
}

// Drain refuses changes and new followers from now on, with ErrDraining, and
// ends every follower with End and Draining. Reads and what is under way go on.
// It may be called more than once.
func (h *Host[S, E]) Drain() { h.drain.Do(func() { close(h.draining) }) }

func (h *Host[S, E]) isDraining() bool {
	select {
	case <-h.draining:
		return true
	default:
		return false
	}
}

// Stop drains, lets what is under way end, writes home what it can until ctx
// ends, and stops the goroutines. What is not home by then stays safe in the
// journal; the error says that there is such a rest. However short ctx, a write
// that the disk has begun is waited for.
func (h *Host[S, E]) Stop(ctx context.Context) error {
	h.Drain()
	h.queue.idle(ctx)
	_, err := h.Flush(ctx)
	h.cancel()
	h.queue.close()
	h.homes.close()
	close(h.stopped)
	h.workers.Wait()
	return err
}

// Stats are figures of a host at one moment.
type Stats struct {
	Live         int   // objects in memory
	PendingBytes int64 // events in memory that are not home
	TailBytes    int64 // messages kept for followers
	Topics       int   // objects that are followed
}

// Stats returns the host's figures.
func (h *Host[S, E]) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{len(h.live), h.pending.Load(), h.budget.Used(), len(h.topics)}
}

// Unpack returns the state that a registry row and its detail stand for.
func (h *Host[S, E]) Unpack(row journal.Row, detail journal.Detail) (S, error) {
	return h.class.Unpack(row, detail)
}
