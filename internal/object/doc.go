// Package object hosts objects: durable things with one writer at a time, a
// history of their own, a file of their own and any number of followers. What
// sort of thing they are is said by a [Class].
//
// # What an object guarantees
//
//   - One at a time. The calls on one object are decided one after the other;
//     calls on different objects go side by side.
//   - Stored, then seen. Nothing is answered, and no follower hears of anything,
//     before it is durable in the [Journal]; that goes for refusals too.
//   - No gap. A follower gets every event after the one it joined at, each once
//     and in order, whatever restarts in between.
//   - Listings and objects agree. Both are written in one transaction.
//
// # Awake and asleep
//
// A live object is a little memory and no open file. It sleeps when nobody has
// called it for a while and all its events are home, in its own file; the next
// call wakes it from the registry. Followers do not keep it awake.
//
// See DESIGN.md for the way of a commit, the order of locks, and why.
//
// The package knows nothing of SQL, files, protobuf, HTTP or users.
package object
