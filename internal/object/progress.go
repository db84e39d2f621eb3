package object

import "sync"

// progress wakes those who wait for objects to come home.
type progress struct {
	mu      sync.Mutex
	changed chan struct{} // closed when an object came home, or failed to
}

func (p *progress) init() { p.changed = make(chan struct{}) }

// made tells those who wait.
func (p *progress) made() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

// changes returns a channel that is closed when the next object came home or
// failed to.
func (p *progress) changes() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}
