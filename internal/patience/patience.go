// Package patience bounds how long each of many sends may take, at the price of
// two atomic writes a send: one goroutine looks at all that are under way, now
// and then. A deadline or a timer of each send's own costs more than the send.
package patience

import (
	"sync"
	"sync/atomic"
	"time"
)

// looks is how often a Patience looks during the time that it has.
const looks = 4

// A Patience watches senders. It is safe for concurrent use, and needs no
// closing: it runs while it has senders.
type Patience struct {
	pause time.Duration
	now   atomic.Int64 // how often it has looked, from 1

	mu      sync.Mutex
	senders map[*Sender]struct{}
	stop    chan struct{} // closed when the last sender leaves
}

// New returns a Patience that lets each send take d, and up to a quarter more,
// before it calls its sender late. d is above 0.
func New(d time.Duration) *Patience {
	p := &Patience{pause: max(d/looks, 1), senders: map[*Sender]struct{}{}}
	p.now.Store(1)
	return p
}

// A Sender is one who sends, one thing at a time. Its methods are for one
// goroutine.
type Sender struct {
	p          *Patience
	late, over func()

	since atomic.Int64 // when the send under way began; 0: there is none; below 0: it is late
	mu    sync.Mutex   // held while late runs
}

// Join adds a sender; it must Leave. During a send that takes too long late is
// called once, by another goroutine, and delays the others as long as it runs.
// Over is called by the End of such a send, after late has returned; it may be
// nil.
func (p *Patience) Join(late, over func()) *Sender {
	s := &Sender{p: p, late: late, over: over}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.senders) == 0 {
		p.stop = make(chan struct{})
		go p.watch(p.stop)
	}
	p.senders[s] = struct{}{}
	return s
}

// Leave ends what Join began; it is called once. Late may be running when it
// returns.
func (s *Sender) Leave() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	if delete(s.p.senders, s); len(s.p.senders) == 0 {
		close(s.p.stop)
	}
}

// Begin begins a send.
func (s *Sender) Begin() { s.since.Store(s.p.now.Load()) }

// End ends it.
func (s *Sender) End() {
	if s.since.Swap(0) >= 0 {
		return
	}
	s.mu.Lock() // late has returned
	defer s.mu.Unlock()
	if s.over != nil {
		s.over()
	}
}

// watch looks at the senders until stop is closed.
func (p *Patience) watch(stop <-chan struct{}) {
	ticker := time.NewTicker(p.pause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
		now := p.now.Add(1)
		for _, s := range p.late(now) {
			s.judge(now)
		}
	}
}

// late returns the senders whose send takes too long.
func (p *Patience) late(now int64) (late []*Sender) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.senders {
		if tooLong(s.since.Load(), now) {
			late = append(late, s)
		}
	}
	return late
}

func tooLong(since, now int64) bool { return since > 0 && now-since > looks }

// judge calls a send late that still is. A send that ends meanwhile waits until
// late has returned, and so undoes what it did.
func (s *Sender) judge(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if since := s.since.Load(); tooLong(since, now) && s.since.CompareAndSwap(since, -1) {
		s.late()
	}
}
