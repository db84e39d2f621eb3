package object

import "sync"

// Encoded keeps encodings of one message, by name. It is safe for concurrent
// use; the zero value is empty.
type Encoded struct {
	mu sync.Mutex
	by []encoding
}

type encoding struct {
	name string
	data []byte
}

// Get returns the encoding of a name, and calls make for it the first time; an
// error of make is not kept.
func (e *Encoded) Get(name string, make func() ([]byte, error)) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.by {
		if x.name == name {
			return x.data, nil
		}
	}
	data, err := make()
	if err == nil {
		e.by = append(e.by, encoding{name, data})
	}
	return data, err
}
