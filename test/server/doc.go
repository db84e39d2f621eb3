// Package server runs the real binary, for tests and benchmarks of the whole
// program: it builds it, starts it on a port of its own, waits until it is ready,
// and ends it the hard way or the soft way.
//
// It knows nothing of what is inside: only flags, signals and /readyz.
package server
