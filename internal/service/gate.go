package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/auth"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Keys finds API keys. *ledger.Ledger does.
type Keys interface {
	KeyByID(ctx context.Context, id string) (journal.APIKey, bool, error)
}

// GateConfig says whom a Gate lets in. Policy, Keys and Now are required.
type GateConfig struct {
	Policy    Policy
	Keys      Keys
	Bootstrap auth.Bootstrap // the zero value is none
	Now       func() int64   // Unix microseconds
	Log       *slog.Logger   // receives why keys are refused; if nil, discarded
}

// keyMemory is how long, in microseconds, a key's row is believed: so much later
// a revocation takes effect.
const keyMemory = 1_000_000

// maxKnown bounds the rows that are remembered.
const maxKnown = 1024

// A Gate lets callers in. It is safe for concurrent use.
type Gate struct {
	cfg GateConfig

	mu    sync.Mutex
	known map[string]knownKey // :: key id -> its row, as of a moment ago
}

type knownKey struct {
	row auth.Stored
	at  int64 // when it was read
}

// NewGate returns a Gate.
func NewGate(cfg GateConfig) (*Gate, error) {
	if cfg.Policy == nil || cfg.Keys == nil || cfg.Now == nil {
		return nil, errors.New("service: GateConfig.Policy, Keys and Now are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Gate{cfg: cfg, known: make(map[string]knownKey)}, nil
}

// Admit returns who makes a call that is allowed, or ErrUnauthenticated or
// ErrForbidden as an *Error. A credential that is not valid is refused even
// where none is needed. A revoked key is refused a second later at most.
func (g *Gate) Admit(ctx context.Context, v Visit) (auth.Principal, error) {
	who, err := g.identify(ctx, v.Credential)
	if errors.Is(err, ErrUnauthenticated) && v.Stranger {
		err = strange()
	}
	if err == nil {
		err = g.cfg.Policy.judge(v, who)
	}
	if err != nil {
		return auth.Principal{}, err
	}
	return who, nil
}

// identify returns whose credential it is; "" is an anonymous caller.
func (g *Gate) identify(ctx context.Context, credential string) (auth.Principal, error) {
	if credential == "" {
		return auth.Principal{}, nil
	}
	if g.cfg.Bootstrap.Matches(credential) {
		return auth.BootstrapPrincipal, nil
	}
	key, err := auth.ParseKey(credential)
	if err != nil {
		return g.refuse(key, err)
	}
	now := g.cfg.Now()
	row, err := g.row(ctx, key.ID(), now)
	if err != nil {
		return auth.Principal{}, err
	}
	who, err := row.Verify(key, now)
	if err != nil {
		return g.refuse(key, err)
	}
	return who, nil
}

func (g *Gate) refuse(key auth.Key, cause error) (auth.Principal, error) {
	g.cfg.Log.Debug("a credential was refused", "key", key, "cause", cause)
	return auth.Principal{}, &Error{
		Class: ErrUnauthenticated,
		Text:  "the credential is not valid: it is mistyped, unknown, revoked or expired",
		Cause: cause,
	}
}

// row returns what is kept of a key; the zero value, which verifies nothing, if
// there is no such key.
func (g *Gate) row(ctx context.Context, id string, now int64) (auth.Stored, error) {
	g.mu.Lock()
	k, ok := g.known[id]
	g.mu.Unlock()
	if age := now - k.at; ok && 0 <= age && age < keyMemory {
		return k.row, nil
	}
	row, found, err := g.cfg.Keys.KeyByID(ctx, id)
	if err != nil {
		return auth.Stored{}, fmt.Errorf("service: look up a key: %w", err)
	}
	stored, err := storedKey(row)
	if err != nil || !found {
		return auth.Stored{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.known) >= maxKnown {
		clear(g.known)
	}
	g.known[id] = knownKey{stored, now}
	return stored, nil
}

// storedKey returns a row as its key is verified against it.
func storedKey(row journal.APIKey) (auth.Stored, error) {
	scopes, err := auth.ParseScopes(row.Scopes)
	if err != nil {
		return auth.Stored{}, fmt.Errorf("service: key %s: %w", row.ID, err)
	}
	return auth.Stored{
		ID: row.ID, Subject: row.Subject, Hash: row.SecretHash, Scopes: scopes,
		ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt,
	}, nil
}
