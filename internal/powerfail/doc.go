// Package powerfail is a disk in memory whose power can fail. It is for tests:
// it shows whether what was acknowledged is there when the power comes back,
// and whether the test would notice if it were not.
//
// A Disk keeps two states of everything: what the running processes see, and
// what a power cut leaves. A file's writes, and a directory's names, move from
// the first to the second when they are synced. Between two syncs a power cut
// leaves any mixture of both, which Crash chooses. One operation, or all from
// one on, can be made to fail before that.
//
// A Disk is a SQLite VFS (Register it, or use VFS), so that databases run on it,
// and has the operations on files and directories that a program needs beside
// its databases. Both see the same tree.
//
// It models files, names and syncs. It does not model the journal of a file
// system, nor a device that reorders behind its own flush; Lies comes close to
// the latter.
package powerfail
