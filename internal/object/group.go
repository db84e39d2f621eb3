package object

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/spectralnotify/spectralnotify/internal/watch"
)

// GroupConfig says how a Group works. Journal is required.
type GroupConfig struct {
	Journal Journal

	// Log receives what an operator should know. If nil, it is discarded.
	Log *slog.Logger

	// MaxPendingBytes bounds the memory of events that are not home yet; beyond
	// it they are read back from the journal. If zero, 256 MiB.
	MaxPendingBytes int64

	// MaxTailBytes bounds the memory of messages kept for followers. If zero,
	// 256 MiB.
	MaxTailBytes int64
}

// A Group is the hosts that share a journal, one for each class. What waits in
// all of them is committed together and shares one sync; what is bounded is
// bounded for all of them; and when the journal breaks, it breaks for all.
//
// It works from the Start of its first host to the Stop of its last, once.
type Group struct {
	cfg     GroupConfig
	queue   queue
	shown   shown
	homings progress
	budget  *watch.Budget
	pending atomic.Int64          // bytes of events in memory that are not home
	down    atomic.Pointer[down]  // why no call is taken; nil while the journal works
	frozen  atomic.Pointer[error] // why nothing is changed any more; nil unless the journal is damaged

	mu    sync.Mutex
	hosts []member // that were started and not stopped

	ctx     context.Context // ends with the last host
	cancel  context.CancelFunc
	workers sync.WaitGroup
}

type down struct{ why error }

// A member is a host as its group knows it.
type member interface {
	// abandonAll takes every object out of memory.
	abandonAll()
	// resume begins again after the journal was opened again.
	resume()
	// urge takes every object home that can be, unless that was done just now.
	urge()
}

// NewGroup returns a Group without hosts.
func NewGroup(cfg GroupConfig) (*Group, error) {
	if cfg.Journal == nil {
		return nil, errors.New("object: GroupConfig.Journal is required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	def(&cfg.MaxPendingBytes, 256<<20)
	def(&cfg.MaxTailBytes, 256<<20)
	g := &Group{cfg: cfg, budget: watch.NewBudget(cfg.MaxTailBytes)}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.queue.init()
	g.homings.init()
	g.shown.init(cfg.Journal.LSN())
	return g, nil
}

// join adds a host that starts.
func (g *Group) join(m member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hosts = append(g.hosts, m); len(g.hosts) == 1 {
		g.workers.Go(g.commitLoop)
		g.workers.Go(g.brokeLoop)
	}
}

// leave takes out a host that stops. With the last one, what is queued is
// committed, and the group ends.
func (g *Group) leave(m member) {
	g.mu.Lock()
	g.hosts = slices.DeleteFunc(g.hosts, func(x member) bool { return x == m })
	last := len(g.hosts) == 0
	g.mu.Unlock()
	if last {
		g.cancel()
		g.queue.close()
		g.workers.Wait()
	}
}

// each calls f for each host, none of which stops meanwhile.
func (g *Group) each(f func(member)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.hosts {
		f(m)
	}
}

// members returns the hosts there are now.
func (g *Group) members() []member {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.hosts)
}

// urge takes home what can be, to make room in the journal.
func (g *Group) urge() {
	for _, m := range g.members() {
		m.urge()
	}
}

// up returns why no call is taken at the moment, if so.
func (g *Group) up() error {
	if d := g.down.Load(); d != nil {
		return d.why
	}
	return nil
}
