// Package sqlite opens databases the one way this house opens them, and brings
// their schema up to date.
//
// It guarantees what is easy to forget: a connection it returns is durable on
// commit (synchronous=FULL, read back, since the build's default in WAL mode is
// not), has the journal mode that was asked for, reads a schema without trusting
// it, and checks its pages where checksums were asked for. It does not know what
// is stored.
package sqlite
