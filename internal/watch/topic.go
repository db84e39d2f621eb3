package watch

import (
	"sync"
	"sync/atomic"
)

// The bounds of one topic's tail.
const (
	maxItems = 128
	maxBytes = 32 << 10
)

// A Budget bounds the bytes that the tails of all topics hold together. The
// zero value allows nothing; it is safe for concurrent use.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget returns a budget of limit bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Used returns how many bytes all tails hold.
func (b *Budget) Used() int64 { return b.used.Load() }

// A Topic keeps the newest messages of one object for its followers. It holds
// messages only while somebody follows. It is safe for concurrent use.
type Topic[T any] struct {
	budget *Budget

	mu        sync.Mutex
	followers int
	tail      []item[T] // dense, ascending
	bytes     int
	last      int64         // newest sequence there is
	changed   chan struct{} // closed at the next publication, or at Close
	closed    Closing
}

// Closing says why a topic has no more messages.
type Closing uint8

const (
	Open  Closing = iota // it may have more
	Ended                // its object is gone
	Lost                 // its object was read anew: look for it again
)

type item[T any] struct {
	sequence int64
	size     int
	value    T
}

// NewTopic returns a topic of an object that stands at sequence last.
func NewTopic[T any](last int64, b *Budget) *Topic[T] {
	return &Topic[T]{budget: b, last: last, changed: make(chan struct{})}
}

// Join adds a follower and returns how many there are.
func (t *Topic[T]) Join() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.followers++
	return t.followers
}

// Leave removes a follower and returns how many remain. With the last one the
// tail goes.
func (t *Topic[T]) Leave() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.followers--
	if t.followers == 0 {
		t.trim(0, 0)
	}
	return t.followers
}

// Followed reports whether anybody follows.
func (t *Topic[T]) Followed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.followers > 0
}

// Publish adds the message of the next sequence, which must be one more than
// the last, and wakes the followers. size is what the message takes in memory.
func (t *Topic[T]) Publish(sequence int64, size int, value T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = sequence
	if t.followers == 0 {
		return
	}
	t.tail = append(t.tail, item[T]{sequence, size, value})
	t.bytes += size
	keepItems, keepBytes := maxItems, maxBytes
	if t.budget.used.Add(int64(size)) > t.budget.limit {
		keepItems = 1 // enough for those who keep up; the others read history
	}
	t.trim(keepItems, keepBytes)
	close(t.changed)
	t.changed = make(chan struct{})
}

// trim drops the oldest messages until at most n of at most size bytes together
// are left; the newest one stays if n > 0, whatever its size.
func (t *Topic[T]) trim(n, size int) {
	drop := 0
	for len(t.tail)-drop > n || t.bytes > size && len(t.tail)-drop > min(n, 1) {
		t.bytes -= t.tail[drop].size
		t.budget.used.Add(-int64(t.tail[drop].size))
		drop++
	}
	if drop == 0 {
		return
	}
	rest := copy(t.tail, t.tail[drop:])
	clear(t.tail[rest:])
	t.tail = t.tail[:rest]
	if rest == 0 {
		t.tail = nil
	}
}

// Wake lets the followers look again, though there is nothing new.
func (t *Topic[T]) Wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed == Open {
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// Close says that there will be no more messages, and why, and wakes the
// followers. What is in the tail can still be read. Only the first call counts.
func (t *Topic[T]) Close(why Closing) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed == Open {
		t.closed = why
		close(t.changed)
	}
}

// State is what After found.
type State[T any] struct {
	Next    T               // the message after the given sequence, if Found
	Found   bool            // the tail has the message
	Behind  bool            // there is a next message, but only in history
	Closed  Closing         // not Open: there is none and there will be none
	Changed <-chan struct{} // closed when it is worth asking again
}

// After returns the message that follows a sequence, or what to do instead.
func (t *Topic[T]) After(sequence int64) State[T] {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := State[T]{Changed: t.changed}
	if sequence >= t.last {
		s.Closed = t.closed
		return s
	}
	if i := len(t.tail) - int(t.last-sequence); i >= 0 && len(t.tail) > 0 {
		s.Next, s.Found = t.tail[i].value, true
		return s
	}
	s.Behind = true
	return s
}
