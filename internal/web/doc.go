// Package web is the door for people: it serves the live page at /.
//
// The page is built from clients/dashboard into dist and is part of the binary.
// It holds no secret and is the same for everyone; what it shows it gets by the
// same calls as any other client, with the key of the person who looks.
//
// The package knows HTTP and files that never change while the process runs. It
// knows no tasks and makes no calls.
package web
