package service

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// Once asks that a call happens at most once.
type Once struct {
	Method  string   // the full name of the call, such as /a.v1.Service/Do
	Key     string   // the caller's idempotency key
	Request [32]byte // SHA-256 of the decoded request in canonical form
}

// idempotency returns the key as the host compares it. Keys are a caller's own;
// callers without a subject share those of an object, since all know it.
func (o *Once) idempotency(who auth.Principal, class, id string) *object.Idempotency {
	if o == nil {
		return nil
	}
	scope := "subject:" + who.Subject
	if who.Anonymous() {
		scope = class + ":" + id
	}
	return &object.Idempotency{Digest: digest(o.Method, scope, o.Key), Request: o.Request}
}

// digest is SHA-256 of the parts, each after its length.
func digest(parts ...string) [32]byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}

// newID makes the id of an object whose creator chose none: 26 letters and digits,
// of at least 128 random bits.
func newID() string { return strings.ToLower(rand.Text()) }
