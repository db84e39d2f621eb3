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
	Class Class[S, E]
	Home  Home[S, E]

	// Group is the hosts that this one shares a journal with. If nil, it is in a
	// group of its own, on Journal and with the bounds below.
	Group   *Group
	Journal Journal

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

	// MaxAsideBytes bounds the events of one object whose home cannot be
	// written; beyond it the object's own changes fail with journal.ErrFull. If
	// zero, 8 MiB.
	MaxAsideBytes int64

	// MaxPendingBytes and MaxTailBytes are those of GroupConfig; they do not count
	// if there is a Group.
	MaxPendingBytes, MaxTailBytes int64

	// FullDelay is how long a change waits for room in a full journal before it
	// fails with journal.ErrFull. If zero, 1 s.
	FullDelay time.Duration
}

func (c *Config[S, E]) fill() error {
	switch {
	case c.Class == nil:
		return errors.New("object: Config.Class is required")
	case (c.Group == nil) == (c.Journal == nil):
		return errors.New("object: Config.Group or Config.Journal is required, not both")
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
	def(&c.MaxAsideBytes, 8<<20)
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
	group *Group

	mu       sync.Mutex
	live     map[string]*object[S, E]               // :: id -> its only live object
	topics   map[int64]*watch.Topic[*Message[S, E]] // :: generation -> its followers' topic
	births   map[string]*birth                      // :: id -> who waits for its creation
	written  map[int64]bool                         // :: generation -> this process made its file durable, the forget is not committed
	urgeAt   time.Duration                          // when urge may next look at every object
	flights  map[[32]byte]chan struct{}             // :: idempotency digest -> closed when its call has ended
	draining chan struct{}                          // closed by Drain
	stopped  chan struct{}                          // closed when Stop ends the goroutines

	homes  homeQueue[S, E]
	files  fileLocks
	agenda agenda[S, E]
	asides atomic.Int64 // objects in memory that are set aside

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
	if cfg.Group == nil {
		g, err := NewGroup(GroupConfig{
			Journal: cfg.Journal, Log: cfg.Log, MaxPendingBytes: cfg.MaxPendingBytes, MaxTailBytes: cfg.MaxTailBytes,
		})
		if err != nil {
			return nil, err
		}
		cfg.Group = g
	}
	h := &Host[S, E]{
		cfg:      cfg,
		class:    cfg.Class,
		group:    cfg.Group,
		live:     make(map[string]*object[S, E]),
		topics:   make(map[int64]*watch.Topic[*Message[S, E]]),
		births:   make(map[string]*birth),
		written:  make(map[int64]bool),
		flights:  make(map[[32]byte]chan struct{}),
		draining: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.homes.init(&h.group.homings)
	h.files.init()
	h.agenda.init()
	return h, nil
}

// Start begins to take calls, and to write home what an earlier process left in
// the journal. Stop must be called.
func (h *Host[S, E]) Start() {
	h.group.join(h)
	for range h.cfg.Scribes {
		h.workers.Go(h.scribeLoop)
	}
	h.workers.Go(h.agendaLoop)
	h.workers.Go(h.backlogLoop)
}

// Drain refuses changes and new followers from now on, with ErrDraining, and
// ends every follower with End and Draining. Reads and what is under way go on.
// It may be called more than once.
func (h *Host[S, E]) Drain() {
	h.drain.Do(func() {
		close(h.draining)
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, t := range h.topics {
			t.Wake()
		}
	})
}

// journal is the group's.
func (h *Host[S, E]) journal() Journal { return h.group.cfg.Journal }

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
	h.group.queue.idle(ctx)
	_, err := h.Flush(ctx)
	h.cancel()
	h.group.leave(h)
	h.homes.close()
	close(h.stopped)
	h.workers.Wait()
	return err
}

// Stats are figures of a host at one moment.
type Stats struct {
	Live         int   // objects in memory
	PendingBytes int64 // events in memory that are not home, of the whole group
	TailBytes    int64 // messages kept for followers, of the whole group
	Topics       int   // objects that are followed
	Aside        int   // objects in memory whose file could not be written when it was last tried
}

// Stats returns the host's figures.
func (h *Host[S, E]) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{len(h.live), h.group.pending.Load(), h.group.budget.Used(), len(h.topics), int(h.asides.Load())}
}

// Unpack returns the state that a registry row and its detail stand for.
func (h *Host[S, E]) Unpack(row journal.Row, detail journal.Detail) (S, error) {
	return h.class.Unpack(row, detail)
}
