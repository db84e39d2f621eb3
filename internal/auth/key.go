package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/big"
	"strings"
)

// An API key reads sn_<id>_<secret><crc>: 8, 43 and 6 digits of base 62. The id
// finds its row; the secret is 32 random bytes; the crc, CRC-32 of all before
// it, tells a mistyped key from a revoked one and lets scanners of source code
// recognise a leaked one.
const (
	keyPrefix    = "sn_"
	idDigits     = 8
	secretBytes  = 32
	secretDigits = 43 // 62^43 > 2^256
	crcDigits    = 6  // 62^6 > 2^32
	keyLen       = len(keyPrefix) + idDigits + 1 + secretDigits + crcDigits
)

// The reasons to refuse a key. A caller is told no more than that his credential
// is not valid; the operator's log may say which.
var (
	ErrMalformed = errors.New("auth: not an API key: it reads sn_<id>_<secret>")
	ErrWrong     = errors.New("auth: no such API key")
	ErrRevoked   = errors.New("auth: the API key was revoked")
	ErrExpired   = errors.New("auth: the API key has expired")
)

// A Key is an API key in clear. It prints and logs without its secret.
type Key struct {
	id   string
	text string
}

// NewKey makes a key from 38 bytes of random, which is crypto/rand.Reader but in
// tests. It fails only if random does.
func NewKey(random io.Reader) (Key, error) {
	var b [6 + secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Key{}, fmt.Errorf("auth: make a key: %w", err)
	}
	id := base62(b[:6], idDigits)
	body := keyPrefix + id + "_" + base62(b[6:], secretDigits)
	return Key{id: id, text: body + checksum(body)}, nil
}

// ParseKey reads a key as Reveal wrote it, or returns ErrMalformed. It says
// nothing about whether the key is valid.
func ParseKey(text string) (Key, error) {
	if len(text) != keyLen || !strings.HasPrefix(text, keyPrefix) {
		return Key{}, ErrMalformed
	}
	body, sum := text[:keyLen-crcDigits], text[keyLen-crcDigits:]
	id, secret := body[len(keyPrefix):len(keyPrefix)+idDigits], body[len(keyPrefix)+idDigits:]
	if secret[0] != '_' || !isBase62(id) || !isBase62(secret[1:]) || sum != checksum(body) {
		return Key{}, ErrMalformed
	}
	return Key{id: id, text: text}, nil
}

// ID returns the public part, by which the key's row is found.
func (k Key) ID() string { return k.id }

// Hash returns what is kept of the key: SHA-256 of its text. The secret has 256
// random bits, so that a slow hash would add nothing.
func (k Key) Hash() [32]byte { return sha256.Sum256([]byte(k.text)) }

// Reveal returns the whole key. It is shown once, when the key is made.
func (k Key) Reveal() string { return k.text }

// String returns the key without its secret.
func (k Key) String() string { return keyPrefix + k.id + "_redacted" }

// GoString returns the key without its secret.
func (k Key) GoString() string { return "auth.Key(" + k.String() + ")" }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Stored is what is kept of a key.
type Stored struct {
	ID        string
	Subject   string
	Hash      [32]byte // as Key.Hash gave it
	Scopes    Scopes
	ExpiresAt int64 // Unix microseconds; 0 is never
	RevokedAt int64 // Unix microseconds; 0 is not
}

// Verify returns whose key it is, or ErrWrong, ErrRevoked or ErrExpired. The
// hash is compared in constant time, and first: who does not hold the key learns
// nothing of its row.
func (s Stored) Verify(k Key, now int64) (Principal, error) {
	hash := k.Hash()
	switch {
	case s.ID != k.id || subtle.ConstantTimeCompare(hash[:], s.Hash[:]) != 1:
		return Principal{}, ErrWrong
	case s.RevokedAt != 0:
		return Principal{}, ErrRevoked
	case s.ExpiresAt != 0 && s.ExpiresAt <= now:
		return Principal{}, ErrExpired
	}
	return Principal{Subject: s.Subject, Scopes: s.Scopes, Expires: s.ExpiresAt}, nil
}

// checksum returns the digits that end a key.
func checksum(body string) string {
	var text [crcDigits]byte
	x := crc32.ChecksumIEEE([]byte(body))
	for i := crcDigits - 1; i >= 0; i-- {
		text[i] = digits62[x%62]
		x /= 62
	}
	return string(text[:])
}

const digits62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// base62 writes the lowest n digits of b, a big-endian number.
func base62(b []byte, n int) string {
	x, base, digit := new(big.Int).SetBytes(b), big.NewInt(62), new(big.Int)
	text := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		x.DivMod(x, base, digit)
		text[i] = digits62[digit.Int64()]
	}
	return string(text)
}

func isBase62(s string) bool {
	for _, c := range []byte(s) {
		if c-'0' > 9 && c-'A' > 25 && c-'a' > 25 {
			return false
		}
	}
	return true
}
