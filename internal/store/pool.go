package store

import "sync"

// maxIdle is how many things of a sort are kept for the next user.
const maxIdle = 8

// A pool keeps what is costly to make and nobody uses now. It is safe for
// concurrent use.
type pool[T any] struct {
	make func() (T, error)
	drop func(T) error

	mu     sync.Mutex
	idle   []T
	closed bool
}

// get returns one that is idle, or a new one. The caller puts it back.
func (p *pool[T]) get() (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var one T
	if p.closed {
		return one, errClosed
	}
	if n := len(p.idle); n > 0 {
		one = p.idle[n-1]
		p.idle = p.idle[:n-1]
		return one, nil
	}
	return p.make()
}

// put takes one back; broken is the error that it ended with, if any.
func (p *pool[T]) put(one T, broken error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if broken != nil || p.closed || len(p.idle) == maxIdle {
		_ = p.drop(one) // nothing is at stake that was not told
		return
	}
	p.idle = append(p.idle, one)
}

// close drops what is idle. What is in use is dropped when it is put back.
func (p *pool[T]) close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, one := range p.idle {
		if e := p.drop(one); err == nil {
			err = e
		}
	}
	p.idle = nil
	return err
}
