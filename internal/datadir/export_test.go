package datadir

import "testing"

// WithoutFlock makes Hold believe what the LOCK file says and nothing else.
func WithoutFlock(t *testing.T) {
	old := flock
	flock = func(int, int) error { return nil }
	t.Cleanup(func() { flock = old })
}
