// Package ledger is the central database of one machine: the registry of all
// objects, and the journal of their events until each has them in its own file.
//
// It guarantees that a commit it answered survives the process, the system and
// the power; that a batch happens whole or not at all; that what it reads was
// made durable first; and that damage is noticed and never served. One file,
// DIR/ledger.db, holds it. It does not know what an event or a state means, nor
// any file but its own.
//
// DESIGN.md says why it is made this way.
package ledger
