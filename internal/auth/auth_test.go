package auth_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/spectralnotify/spectralnotify/internal/auth"
)

func newKey(t *testing.T) auth.Key {
	t.Helper()
	k, err := auth.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func stored(k auth.Key) auth.Stored {
	return auth.Stored{ID: k.ID(), Subject: "key:build", Hash: k.Hash(), Scopes: auth.TaskCreate}
}

func TestKeyIsReadAsItWasWritten(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		k := newKey(t)
		got, err := auth.ParseKey(k.Reveal())
		if err != nil || got != k {
			t.Fatalf("ParseKey(%q) = %v, %v", k.Reveal(), got, err)
		}
		if len(k.ID()) != 8 || seen[k.ID()] {
			t.Fatalf("id %q is not 8 digits or was seen before", k.ID())
		}
		seen[k.ID()] = true
	}
}

func TestEveryChangedCharacterMakesAKeyMalformed(t *testing.T) {
	text := newKey(t).Reveal()
	for i := range len(text) {
		b := []byte(text)
		b[i] ^= 1
		if _, err := auth.ParseKey(string(b)); !errors.Is(err, auth.ErrMalformed) {
			t.Errorf("changed at %d: %v, want malformed", i, err)
		}
	}
	for _, s := range []string{"", "sn_", text[1:], text + "0", strings.Repeat("é", len(text)/2)} {
		if _, err := auth.ParseKey(s); !errors.Is(err, auth.ErrMalformed) {
			t.Errorf("ParseKey(%q): %v, want malformed", s, err)
		}
	}
}

func TestNewKeyFailsWithItsRandom(t *testing.T) {
	if _, err := auth.NewKey(iotest.ErrReader(errors.New("dry"))); err == nil {
		t.Error("a key without random")
	}
}

func TestVerify(t *testing.T) {
	const now = 1000
	k, other := newKey(t), newKey(t)
	tests := []struct {
		name   string
		change func(*auth.Stored)
		want   error
	}{
		{"a stored key is valid", func(*auth.Stored) {}, nil},
		{"a key with another secret is wrong", func(s *auth.Stored) { s.Hash = other.Hash() }, auth.ErrWrong},
		{"a key with another id is wrong", func(s *auth.Stored) { s.ID = other.ID() }, auth.ErrWrong},
		{"a key whose row lost its hash is wrong", func(s *auth.Stored) { s.Hash = [32]byte{} }, auth.ErrWrong},
		{"a revoked key is refused", func(s *auth.Stored) { s.RevokedAt = 1 }, auth.ErrRevoked},
		{"a key ends at the microsecond of its expiry", func(s *auth.Stored) { s.ExpiresAt = now }, auth.ErrExpired},
		{"a key lives until its expiry", func(s *auth.Stored) { s.ExpiresAt = now + 1 }, nil},
		{"a wrong secret does not learn of a revocation", func(s *auth.Stored) { s.Hash, s.RevokedAt = other.Hash(), 1 }, auth.ErrWrong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := stored(k)
			tt.change(&s)
			p, err := s.Verify(k, now)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if (err == nil) != (p.Subject == "key:build") {
				t.Errorf("principal is %+v", p)
			}
		})
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	k := newKey(t)
	secret := k.Reveal()[12:]
	boot, err := auth.NewBootstrap("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", k, "boot", boot)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", k, "boot", boot)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", k, boot)
		fmt.Fprintf(&out, verb+"\n", []any{k, &k, boot})
	}
	if s := out.String(); strings.Contains(s, secret) || strings.Contains(s, "horse") {
		t.Errorf("a secret was printed:\n%s", s)
	}
	if !strings.Contains(out.String(), k.ID()) {
		t.Error("the id of a key should be in a log")
	}
}

func TestBootstrap(t *testing.T) {
	for _, s := range []string{"", "1234567", strings.Repeat("x", 257), "tab\there", "naïve-key"} {
		if _, err := auth.NewBootstrap(s); err == nil {
			t.Errorf("%q is accepted", s)
		}
	}
	b, err := auth.NewBootstrap("12345678")
	if err != nil || !b.Matches("12345678") || b.Matches("12345679") || b.Matches("") {
		t.Errorf("bootstrap key does not match as it should (%v)", err)
	}
	if (auth.Bootstrap{}).Matches("") {
		t.Error("no bootstrap key matches no credential")
	}
}

func TestScopes(t *testing.T) {
	s, err := auth.ParseScopes([]string{"task:write", "task:create"})
	if err != nil || s.String() != "task:create task:write" {
		t.Errorf("parsed %v, %v", s, err)
	}
	if !s.Has(auth.TaskCreate) || s.Has(auth.TaskList) || s.Has(auth.TaskCreate|auth.TaskList) {
		t.Errorf("%v does not allow what it says", s)
	}
	if !auth.Admin.Has(auth.TaskDelete | auth.Worker) {
		t.Error("admin does not imply all")
	}
	if auth.Scopes(0).Has(auth.TaskRead) {
		t.Error("no scope allows something")
	}
	if _, err := auth.ParseScopes([]string{"task:all"}); err == nil || !strings.Contains(err.Error(), "task:all") {
		t.Errorf("an unknown scope gives %v", err)
	}
}

func TestCredential(t *testing.T) {
	tests := []struct {
		name, authorization, apiKey, want string
		err                               error
	}{
		{"nothing is shown", "", "", "", nil},
		{"X-API-Key", "", "k", "k", nil},
		{"Bearer", "Bearer k", "", "k", nil},
		{"the scheme may be in lower case", "bearer  k ", "", "k", nil},
		{"Authorization wins", "Bearer a", "b", "a", nil},
		{"another scheme", "Basic abc", "k", "", auth.ErrScheme},
		{"a scheme alone", "Bearer", "", "", auth.ErrScheme},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := auth.Credential(tt.authorization, tt.apiKey)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}
