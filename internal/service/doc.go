// Package service is what callers may do with objects: it answers whether this
// caller may do this, then makes one call downwards.
//
// It holds the table of who may call what, finds out who a credential stands
// for, keeps limits, turns idempotency keys into digests, and pages through
// lists and histories. It knows nothing of protobuf and HTTP, which belong to
// the doors, nor of how a commit becomes durable.
package service
