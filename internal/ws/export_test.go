package ws

import (
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// Encodings returns how many updates the door has encoded.
func (d *Door) Encodings() int64 { return d.encoded.Load() }

// Update returns the text of an update as a socket of the door sends it.
func (d *Door) Update(m *object.Message[task.Task, task.Event]) ([]byte, error) {
	return taskForm.shared(&socket{door: d}, m)
}

// Parse returns what a message of a peer is taken for, and the answer to one
// that cannot be read.
func Parse(data []byte) (kind, token string, answer []byte) {
	m := parse(data)
	if m.kind == unreadable {
		answer = appendError(nil, m.fault)
	}
	return [...]string{"unreadable", "ping", "ping in JSON", "auth"}[m.kind], m.token, answer
}
