package object

import "sync"

// Encoded keeps encodings of one message, by name, as long as they fit into the
// room that was set aside for them. It is safe for concurrent use; the zero value
// keeps nothing.
type Encoded struct {
	mu   sync.Mutex
	by   []encoding
	room int // bytes
}

// NewEncoded returns an empty Encoded with room for so many bytes.
func NewEncoded(room int) *Encoded { return &Encoded{room: room} }

type encoding struct {
	name string
	data []byte
}

// Get returns the encoding of a name, and calls make for it the first time, or
// each time if it did not fit; an error of make is not kept.
func (e *Encoded) Get(name string, make func() ([]byte, error)) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.by {
		if x.name == name {
			return x.data, nil
		}
	}
	data, err := make()
	if err == nil && len(data) <= e.room {
		e.room -= len(data)
		e.by = append(e.by, encoding{name, data})
	}
	return data, err
}
