package kill

import (
	"sync"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// An Entry is an event that a caller asked for.
type Entry struct {
	Kind     string
	Text     string // what the event's message must be; not checked if empty
	Sequence int64  // as it was acknowledged; 0 if it was not
}

// An Attempt is a call whose answer is not known yet.
type Attempt struct {
	Task    string
	Method  string
	Key     string  // of idempotency
	Entries []Entry // that it adds, all or none
}

// A Page is what is known of one task from the outside.
type Page struct {
	Exists   bool               // as it was acknowledged
	Acked    []Entry            // of its present incarnation
	Unknown  map[string]Attempt // :: idempotency key -> call that may have happened
	EndedAs  string             // status, as it was acknowledged; "" if it goes on
	Restarts int                // how often the id was used again
}

// A Book holds what the callers of a server know. It is safe for concurrent use.
type Book struct {
	mu     sync.Mutex
	pages  map[string]*Page // :: task id -> what is known of it
	calls  map[string]bool  // :: id of a task that was called since Called -> true
	acks   int
	marks  map[int]chan struct{} // :: number of acks -> closed when reached
	faults []string
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{pages: map[string]*Page{}, calls: map[string]bool{}, marks: map[int]chan struct{}{}}
}

// Begin notes that a call is about to be sent.
func (b *Book) Begin(a Attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.pages[a.Task]
	if !ok {
		p = &Page{Unknown: map[string]Attempt{}}
		b.pages[a.Task] = p
	}
	p.Unknown[a.Key] = a
	b.calls[a.Task] = true
}

// Called returns the tasks that were called since it was asked last.
func (b *Book) Called() map[string]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = map[string]bool{}
	return calls
}

// Refused notes that the server had no effect to tell of: it answered with an
// error that settles the call.
func (b *Book) Refused(a Attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.pages[a.Task].Unknown, a.Key)
	b.count()
}

// Acknowledged notes an answer.
func (b *Book) Acknowledged(a Attempt, events []wire.Event, status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.pages[a.Task]
	delete(p.Unknown, a.Key)
	switch a.Method {
	case "Create":
		p.Exists, p.Acked, p.EndedAs = true, nil, ""
	case "Delete":
		p.Exists, p.Acked, p.EndedAs = false, nil, ""
		p.Restarts++
	case "Complete", "Fail", "Cancel":
		p.EndedAs = status
	}
	for i, e := range a.Entries {
		if i < len(events) {
			e.Sequence = events[i].ID
		}
		p.Acked = append(p.Acked, e)
	}
	b.count()
}

func (b *Book) count() {
	b.acks++
	if c, ok := b.marks[b.acks]; ok {
		close(c)
		delete(b.marks, b.acks)
	}
}

// After returns a channel that is closed when n more calls, at least 1, have been
// answered.
func (b *Book) After(n int) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.marks[b.acks+n]
	if !ok {
		c = make(chan struct{})
		b.marks[b.acks+n] = c
	}
	return c
}

// Fault notes something that should not have happened.
func (b *Book) Fault(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, text)
}

// Faults returns what was noted by Fault.
func (b *Book) Faults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.faults
}

// Acks returns how many calls have been answered.
func (b *Book) Acks() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acks
}

// Pages returns the pages. They may be read while no call is under way.
func (b *Book) Pages() map[string]*Page { return b.pages }
