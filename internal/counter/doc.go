// Package counter holds the rules of counters: a number with a name, which calls
// change it, and which events they leave. A counter never ends.
//
// Everything here is a function of its arguments: no I/O, no goroutine, no clock.
// Times are Unix microseconds, UTC.
package counter
