// Package watch wakes those who follow an object.
//
// A Topic keeps the newest messages of one object in memory, bounded in number
// and bytes, and a wake-up. A follower is only a place in the sequence: it takes
// what the tail still has and reads the rest from the object's history, so
// nothing is buffered per follower and a slow one costs nobody anything.
//
// The package knows nothing of objects, files or the network.
package watch
