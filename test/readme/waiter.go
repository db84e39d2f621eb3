package readme

import (
	"bytes"
	"context"
	"strings"
	"sync"
)

// A waiter takes the output of a program and waits for a text in it. It is safe
// for concurrent use.
type waiter struct {
	text string
	seen chan struct{} // closed when the text has come

	mu  sync.Mutex
	all bytes.Buffer
	has bool
}

func newWaiter(text string) *waiter { return &waiter{text: text, seen: make(chan struct{})} }

func (w *waiter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all.Write(p)
	if !w.has && strings.Contains(w.all.String(), w.text) {
		w.has = true
		close(w.seen)
	}
	return len(p), nil
}

// wait reports whether the text came before the context ended.
func (w *waiter) wait(ctx context.Context) bool {
	select {
	case <-w.seen:
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *waiter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
