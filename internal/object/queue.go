package object

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// The bounds of one batch.
const (
	maxBatch      = 1024
	maxBatchBytes = 4 << 20
)

// queue are the tickets that wait for the next batch, in order.
type queue struct {
	mu      sync.Mutex
	waiting []*ticket
	busy    bool          // a batch is being committed
	closed  bool          // takes no more
	wake    chan struct{} // has one element if there is something to do
	rest    chan struct{} // closed when nothing waits and nothing is busy; nil if nobody asked
}

func (q *queue) init() { q.wake = make(chan struct{}, 1) }

// push queues a ticket. It fails with ErrDraining once the queue is closed.
func (q *queue) push(t *ticket) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrDraining
	}
	q.waiting = append(q.waiting, t)
	if len(q.waiting) == 1 {
		q.signal()
	}
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next waits for tickets and moves the next batch of them into batch; nil after
// close, once the queue is empty.
func (q *queue) next(batch []*ticket) []*ticket {
	for {
		// Callers that are ready to run come first: a commit costs about the same
		// for many tickets as for one.
		runtime.Gosched()
		q.mu.Lock()
		if n := q.fits(); n > 0 {
			batch = append(batch[:0], q.waiting[:n]...)
			rest := copy(q.waiting, q.waiting[n:])
			clear(q.waiting[rest:])
			q.waiting = q.waiting[:rest]
			if rest > 0 {
				q.signal()
			}
			q.busy = true
			q.mu.Unlock()
			return batch
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return nil
		}
		<-q.wake
	}
}

// fits returns how many of the waiting tickets make the next batch.
func (q *queue) fits() int {
	size := 0
	for i, t := range q.waiting {
		for _, e := range t.commit.Entries {
			size += len(e.Data)
		}
		if i == maxBatch || i > 0 && size > maxBatchBytes {
			return i
		}
	}
	return len(q.waiting)
}

// takeAll empties the queue and returns what waited.
func (q *queue) takeAll() []*ticket {
	return q.takeIf(func(*ticket) bool { return true })
}

// takeIf takes the tickets that which chooses out of the queue and returns them.
func (q *queue) takeIf(which func(*ticket) bool) (taken []*ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(t *ticket) bool {
		if which(t) {
			taken = append(taken, t)
			return true
		}
		return false
	})
	return taken
}

// done says that the batch was dealt with.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy = false
	if q.rest != nil && len(q.waiting) == 0 {
		close(q.rest)
		q.rest = nil
	}
}

// idle waits until nothing waits and nothing is being committed, or ctx ends.
func (q *queue) idle(ctx context.Context) {
	q.mu.Lock()
	if !q.busy && len(q.waiting) == 0 {
		q.mu.Unlock()
		return
	}
	if q.rest == nil {
		q.rest = make(chan struct{})
	}
	rest := q.rest
	q.mu.Unlock()
	select {
	case <-rest:
	case <-ctx.Done():
	}
}

// close lets next end once the queue is empty.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}
