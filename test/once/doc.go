// Package once proves the promise of an Idempotency-Key from the outside: whatever
// happens to the connection or to the process of the server, a call that is made
// again with its key has happened once, and is answered as it was.
//
// Each scenario runs against the real binary over HTTP, and against one that keeps
// no receipts, on which it must fail.
package once
