// Package store keeps each object in a SQLite file of its own: its home. It
// implements object.Home.
//
// It guarantees that a nil from Write means that the object is in its file
// durably: content, name and every directory above. A file that is changed is
// changed in place and atomically; a file that cannot be trusted is made anew.
// What it reads it has checked: page checksums, sequences without a gap, the
// chain of hashes. Otherwise the answer is journal.ErrDamaged, never a guess.
//
// It does not know when an object is written home, nor what is in the journal;
// what its state and events mean, a Layout knows.
package store
