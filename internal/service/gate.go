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

// Keys keeps API keys. *ledger.Ledger does.
type Keys interface {
	// KeyByID returns a key's row, or journal.ErrNotFound.
	KeyByID(ctx context.Context, id string) (journal.APIKey, error)
	// TouchKey notes when a key was used.
	TouchKey(ctx context.Context, id string, at int64) error
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

// touchEvery is how long, in microseconds, the use of a key is not noted again.
const touchEvery = 60_000_000

// maxKnown bounds the rows that are remembered.
const maxKnown = 1024

// A Gate lets callers in. It is safe for concurrent use.
type Gate struct {
	cfg GateConfig

	mu    sync.Mutex
	known map[string]knownKey // :: key id -> its row, as of a moment ago
}

type knownKey struct {
	row  auth.Stored
	used int64 // last use that is noted
	at   int64 // when it was read
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
	k, err := g.row(ctx, key.ID(), now)
	if err != nil {
		return auth.Principal{}, err
	}
	who, err := k.row.Verify(key, now)
	if err != nil {
		return g.refuse(key, err)
	}
	g.touch(ctx, k, now)
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
func (g *Gate) row(ctx context.Context, id string, now int64) (knownKey, error) {
	g.mu.Lock()
	k, ok := g.known[id]
	g.mu.Unlock()
	if age := now - k.at; ok && 0 <= age && age < keyMemory {
		return k, nil
	}
	row, err := g.cfg.Keys.KeyByID(ctx, id)
	if errors.Is(err, journal.ErrNotFound) {
		return knownKey{}, nil
	}
	if err != nil {
		return knownKey{}, fmt.Errorf("service: look up key %s: %w", id, err)
	}
	stored, err := storedKey(row)
	if err != nil {
		return knownKey{}, err
	}
	k = knownKey{stored, row.LastUsedAt, now}
	g.remember(k)
	return k, nil
}

func (g *Gate) remember(k knownKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.known) >= maxKnown {
		clear(g.known)
	}
	g.known[k.row.ID] = k
}

// touch notes that a key was used, unless that is noted already. The call goes
// on if it cannot be.
func (g *Gate) touch(ctx context.Context, k knownKey, now int64) {
	if age := now - k.used; 0 <= age && age < touchEvery {
		return
	}
	k.used = now
	g.remember(k)
	if err := g.cfg.Keys.TouchKey(ctx, k.row.ID, now); err != nil {
		g.cfg.Log.Warn("the use of a key is not noted", "key", k.row.ID, "error", err)
	}
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
