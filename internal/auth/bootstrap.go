package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
)

// A Bootstrap is an admin key that the operator chose for the life of a process.
// It is never stored. The zero value matches nothing.
type Bootstrap struct {
	hash [32]byte
	set  bool
}

// NewBootstrap accepts 8 to 256 printable ASCII characters.
func NewBootstrap(text string) (Bootstrap, error) {
	if len(text) < 8 || len(text) > 256 || !Printable(text) {
		return Bootstrap{}, errors.New("auth: a bootstrap key has 8 to 256 printable ASCII characters")
	}
	return Bootstrap{hash: sha256.Sum256([]byte(text)), set: true}, nil
}

// Matches reports whether credential is the key, in constant time.
func (b Bootstrap) Matches(credential string) bool {
	if !b.set {
		return false
	}
	hash := sha256.Sum256([]byte(credential))
	return subtle.ConstantTimeCompare(hash[:], b.hash[:]) == 1
}

// String hides the key.
func (b Bootstrap) String() string { return "redacted" }

// GoString hides the key.
func (b Bootstrap) GoString() string { return "auth.Bootstrap(redacted)" }

// LogValue implements slog.LogValuer.
func (b Bootstrap) LogValue() slog.Value { return slog.StringValue("redacted") }

// BootstrapPrincipal is who shows the bootstrap key.
var BootstrapPrincipal = Principal{Subject: "bootstrap", Scopes: Admin}

// Printable reports whether s is of printable ASCII characters, blank included.
func Printable(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
