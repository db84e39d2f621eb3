// Package kill proves what the real binary promises while it is killed with
// SIGKILL under load, again and again.
//
// What callers were told is kept in a Book, outside the server. After each restart
// all that the server says is read (an Observation) and held against the book:
// every acknowledged update is in the history exactly once, at its sequence; what
// was not acknowledged is there wholly, or not at all; listing and tasks agree.
// What watchers saw is held against the history too, and each watcher must have
// seen each sequence exactly once, across all restarts.
//
// The checks are plain functions over plain data, and have tests of their own: one
// for each sort of lie. A mutant server, in which one line of the commit path is
// changed, must be caught as well.
package kill
