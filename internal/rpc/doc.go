// Package rpc is the door for calls: it serves the service of each class over HTTP by
// Connect, gRPC and gRPC-Web, in JSON and in protobuf.
//
// A call passes the gate (who is it, may he), the rules of its message, and a
// handler that reads it, makes one call on the service and writes the answer.
// Whatever goes wrong becomes a Connect error by one table, in error.go; what a
// caller cannot act on is told to the operator's log and shown as an internal
// error with a request id only.
//
// Watchers share work: what all followers of a task get is encoded once, and one
// that does not read is dropped without disturbing the others.
//
// The package knows HTTP and protobuf. It knows no SQL, no files, and no rules of
// tasks or counters.
package rpc
