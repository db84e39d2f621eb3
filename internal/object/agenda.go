package object

import (
	"container/heap"
	"sync"
	"time"
)

// agenda says when which live object is to be looked after: each has one entry.
type agenda[S, E any] struct {
	mu      sync.Mutex
	entries entries[S, E]
	earlier chan struct{} // has one element if the first entry changed
}

type entry[S, E any] struct {
	at time.Duration // by Config.Uptime
	o  *object[S, E]
}

type entries[S, E any] []entry[S, E]

func (e entries[S, E]) Len() int           { return len(e) }
func (e entries[S, E]) Less(i, j int) bool { return e[i].at < e[j].at }
func (e entries[S, E]) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *entries[S, E]) Push(x any)        { *e = append(*e, x.(entry[S, E])) }
func (e *entries[S, E]) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = entry[S, E]{}
	*e = (*e)[:last]
	return x
}

func (a *agenda[S, E]) init() { a.earlier = make(chan struct{}, 1) }

func (a *agenda[S, E]) add(at time.Duration, o *object[S, E]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	heap.Push(&a.entries, entry[S, E]{at, o})
	if a.entries[0].o == o {
		select {
		case a.earlier <- struct{}{}:
		default:
		}
	}
}

// pop takes an object that is due; otherwise it says how long there is none,
// or false if there is no entry.
func (a *agenda[S, E]) pop(now time.Duration) (o *object[S, E], wait time.Duration, some bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.entries) == 0 {
		return nil, 0, false
	}
	if first := a.entries[0]; first.at > now {
		return nil, first.at - now, true
	}
	return heap.Pop(&a.entries).(entry[S, E]).o, 0, true
}

// plan gives o its entry in the agenda. The caller holds o.mu.
func (h *Host[S, E]) plan(o *object[S, E]) {
	if o.planned || o.gone {
		return
	}
	o.planned = true
	h.agenda.add(h.next(o), o)
}

// next returns when o is to be looked after. The caller holds o.mu.
func (h *Host[S, E]) next(o *object[S, E]) time.Duration {
	switch {
	case o.homing || o.newest != nil || h.group.writable() != nil && !o.pending.empty():
		return h.cfg.Uptime() + h.cfg.IdleAfter
	case o.pending.empty():
		return o.touched + h.cfg.SleepAfter
	case o.aside != nil:
		return o.retryAt
	default:
		return min(o.changed+h.cfg.IdleAfter, o.oldest+h.cfg.OldAfter)
	}
}

// agendaLoop takes idle and old objects home, and puts those to sleep that are
// home and unused.
func (h *Host[S, E]) agendaLoop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		o, wait, some := h.agenda.pop(h.cfg.Uptime())
		if o != nil {
			h.attend(o)
			continue
		}
		if !some {
			wait = time.Hour
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-h.agenda.earlier:
		case <-h.ctx.Done():
			return
		}
	}
}

// attend does what is due for one object, and plans the next time.
func (h *Host[S, E]) attend(o *object[S, E]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.planned = false
	if o.gone {
		return
	}
	if !o.homing && o.newest == nil && h.next(o) <= h.cfg.Uptime() {
		if o.pending.empty() {
			h.leave(o) // asleep
			return
		}
		h.takeHome(o)
	}
	h.plan(o)
}

// urgePause is how long the host waits between two looks at every live object.
const urgePause = 100 * time.Millisecond

// urge takes every object home that can be, unless that was done just now.
func (h *Host[S, E]) urge() {
	h.mu.Lock()
	now := h.cfg.Uptime()
	if now < h.urgeAt {
		h.mu.Unlock()
		return
	}
	h.urgeAt = now + urgePause
	h.mu.Unlock()
	for _, o := range h.all() {
		o.mu.Lock()
		if !o.gone && !o.absent {
			h.takeHome(o)
		}
		o.mu.Unlock()
	}
}
