// Package ws is the door for WebSockets: text frames of JSON, by which a page
// follows one task or counter for as long as it likes.
//
// A socket gets each event of its object once, in order, as a message whose type
// is the call that made it. It may open before that exists, outlives its end
// and its deletion, and is closed by the server only when that stops, when the
// peer does not read or does not answer, or when its credential is wrong. Each
// message carries a cursor; a socket that is opened with it goes on after that
// message, or is told that it cannot.
//
// Sockets follow by the same core as the calls Watch and Wait. What all sockets
// of an object get is encoded once, and one that does not read disturbs nobody.
//
// Who may open one is what the policy says of Watch; which pages may, what the
// list of origins says. A credential is never taken from the URL, since those
// end up in logs.
//
// The package knows HTTP and the frames. It knows no SQL, no files, and no rules
// of tasks.
package ws
