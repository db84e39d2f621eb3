package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// InsertKey adds an API key. Its id must be new.
func (l *Ledger) InsertKey(ctx context.Context, k journal.APIKey) error {
	scopes, err := json.Marshal(append([]string{}, k.Scopes...))
	if err != nil {
		return fmt.Errorf("ledger: scopes of key %s: %w", k.ID, err)
	}
	added := int64(0)
	err = l.locked(ctx, func(w *writer) (err error) {
		added, err = sqlite.Exec(w.c, `INSERT INTO api_key (id, name, subject, secret_hash, scopes, created_at, expires_at, last_used_at, revoked_at)
			VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			k.ID, k.Name, k.Subject, k.SecretHash[:], string(scopes), k.CreatedAt, k.ExpiresAt, k.LastUsedAt, k.RevokedAt)
		return err
	})
	if err == nil && added == 0 {
		return fmt.Errorf("ledger: there is a key %s already", k.ID)
	}
	return err
}

const keySQL = "SELECT id, name, subject, secret_hash, scopes, created_at, expires_at, last_used_at, revoked_at FROM api_key"

// Keys returns all API keys, oldest first.
func (l *Ledger) Keys(ctx context.Context) ([]journal.APIKey, error) {
	return l.keys(ctx, keySQL+" ORDER BY created_at, id")
}

// KeyByID returns an API key, or journal.ErrNotFound. A key that has expired or
// was revoked is returned like any other.
func (l *Ledger) KeyByID(ctx context.Context, id string) (journal.APIKey, error) {
	keys, err := l.keys(ctx, keySQL+" WHERE id = ?", id)
	if err != nil {
		return journal.APIKey{}, err
	}
	if len(keys) == 0 {
		return journal.APIKey{}, journal.ErrNotFound
	}
	return keys[0], nil
}

func (l *Ledger) keys(ctx context.Context, sql string, values ...any) (keys []journal.APIKey, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.each(sql, values, func(s *sqlite3.Stmt) error {
			k := journal.APIKey{
				ID: s.ColumnText(0), Name: s.ColumnText(1), Subject: s.ColumnText(2),
				CreatedAt: s.ColumnInt64(5), ExpiresAt: s.ColumnInt64(6), LastUsedAt: s.ColumnInt64(7), RevokedAt: s.ColumnInt64(8),
			}
			copy(k.SecretHash[:], s.ColumnRawBlob(3))
			if err := json.Unmarshal(s.ColumnRawBlob(4), &k.Scopes); err != nil {
				return damaged("scopes of key %s: %w", k.ID, err)
			}
			keys = append(keys, k)
			return nil
		})
	})
	return keys, err
}

// RevokeKey revokes an API key at a time; journal.ErrNotFound if there is none.
// A key that was revoked before keeps its time.
func (l *Ledger) RevokeKey(ctx context.Context, id string, at int64) error {
	return l.setKey(ctx, "UPDATE api_key SET revoked_at = iif(revoked_at = 0, ?2, revoked_at) WHERE id = ?1", id, at)
}

// TouchKey records when an API key was used last; journal.ErrNotFound if there
// is none. It costs a transaction: once a minute for a key is enough.
func (l *Ledger) TouchKey(ctx context.Context, id string, at int64) error {
	return l.setKey(ctx, "UPDATE api_key SET last_used_at = max(last_used_at, ?2) WHERE id = ?1", id, at)
}

func (l *Ledger) setKey(ctx context.Context, sql, id string, at int64) error {
	n := int64(0)
	err := l.locked(ctx, func(w *writer) (err error) {
		n, err = sqlite.Exec(w.c, sql, id, at)
		return err
	})
	if err == nil && n == 0 {
		return journal.ErrNotFound
	}
	return err
}
