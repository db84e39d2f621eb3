package object

import (
	"context"
	"sync"
)

// maxHomecomings bounds the objects that one scribe writes in one go.
const maxHomecomings = 64

// homeQueue are the objects that are to be taken home and the files that are to
// be removed.
type homeQueue[S, E any] struct {
	mu      sync.Mutex
	objects []*object[S, E]
	removed []int64 // generations whose files go
	keepers int     // while there are some, no file goes
	closed  bool
	wake    chan struct{} // closed when there is something to do

	homings *progress
}

func (q *homeQueue[S, E]) init(homings *progress) {
	q.wake, q.homings = make(chan struct{}), homings
}

// push queues an object whose homing is set.
func (q *homeQueue[S, E]) push(o *object[S, E]) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.objects = append(q.objects, o)
	q.signal()
}

// remove queues the file of a deleted generation.
func (q *homeQueue[S, E]) remove(generation int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.removed = append(q.removed, generation)
	q.signal()
}

// keep lets no file be removed until the result is called.
func (q *homeQueue[S, E]) keep() (release func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.keepers++
	return sync.OnceFunc(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.keepers--
		q.signal()
	})
}

func (q *homeQueue[S, E]) signal() {
	close(q.wake)
	q.wake = make(chan struct{})
}

// next waits for work and takes some of it; ok is false after close.
func (q *homeQueue[S, E]) next() (objects []*object[S, E], removed []int64, ok bool) {
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return nil, nil, false
		}
		n, gone := min(len(q.objects), maxHomecomings), min(len(q.removed), maxHomecomings)
		if q.keepers > 0 {
			gone = 0
		}
		if n > 0 || gone > 0 {
			objects, q.objects = cut(q.objects, n)
			removed, q.removed = cut(q.removed, gone)
			q.mu.Unlock()
			return objects, removed, true
		}
		wake := q.wake
		q.mu.Unlock()
		<-wake
	}
}

// cut splits s after n elements; the rest starts anew when it is empty.
func cut[T any](s []T, n int) (head, rest []T) {
	head = append([]T(nil), s[:n]...)
	clear(s[:n])
	if rest = s[n:]; len(rest) == 0 {
		rest = nil
	}
	return head, rest
}

// throttle waits until the queue is short.
func (q *homeQueue[S, E]) throttle(ctx context.Context) error {
	for {
		changed := q.homings.changes()
		q.mu.Lock()
		short := len(q.objects) < 4*maxHomecomings
		q.mu.Unlock()
		if short {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close ends the scribes; what is queued stays in the journal.
func (q *homeQueue[S, E]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.signal()
	}
}
