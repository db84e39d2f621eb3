// Package wire talks to a server as a stranger would: net/http and JSON, by the
// documented names, without the generated code. What it finds out is therefore
// what any client would find out.
package wire
