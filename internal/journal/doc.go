// Package journal says what a commit is: the data that live objects hand to
// whatever makes them durable, and that comes back when they wake.
//
// It holds data types and the errors of the seam, so that package object can
// declare which journal it needs and package ledger can be one, without either
// importing the other. It does nothing: no I/O, no lock, no clock.
//
// All times are Unix times in microseconds, UTC.
package journal
