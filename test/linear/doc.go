// Package linear proves that calls on one task, from many callers at once, happen
// one after the other: each at some moment between its beginning and its answer,
// reads included, and over kill -9 of the real binary. A call that was cut, or
// answered as unavailable, may happen at any moment until the server that got it
// is dead, or never.
//
// What was called and answered is recorded outside the server and given to
// porcupine, which searches for such an order. Servers with a safety taken out
// must have none.
package linear
