// Package task holds the rules of tasks: what a task is, which calls it accepts
// in which state, and which events they leave.
//
//	PENDING ──> IN_PROGRESS ──> SUCCESS | FAILED | CANCELED
//
// Everything here is a function of its arguments: no I/O, no goroutine, no
// clock. Times are Unix microseconds, UTC. Metadata is JSON text of an object,
// kept as it came, or empty for none.
package task
