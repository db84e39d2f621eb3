package ledger_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

const (
	second = 1_000_000
	hour   = 3600 * second
)

// put commits and must lose nothing.
func put(t *testing.T, l *ledger.Ledger, batch ...journal.Commit) {
	t.Helper()
	if lost, err := l.Commit(t.Context(), batch); err != nil || len(lost) != 0 {
		t.Fatalf("commit: lost %v, %v", lost, err)
	}
}

func sweep(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	if err := l.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func key(n int) [32]byte { return sha256.Sum256(fmt.Append(nil, n)) }

// keyed commits one more event of an object by a call with idempotency key n.
func keyed(t *testing.T, l *ledger.Ledger, row *journal.Row, id string, n int) {
	t.Helper()
	c := event(row, id, l)
	c.Receipt = &journal.Receipt{Digest: key(n), Generation: row.Generation, Sequence: row.Sequence, Row: c.Row}
	put(t, l, c)
}

// kept returns which of the keys below n have a receipt.
func kept(t *testing.T, l *ledger.Ledger, n int) (all []int) {
	t.Helper()
	for i := range n {
		_, there, err := l.Receipt(t.Context(), key(i))
		if err != nil {
			t.Fatal(err)
		}
		if there {
			all = append(all, i)
		}
	}
	return all
}

func TestReceiptsGoByUptimeNotByTheWallClock(t *testing.T) {
	var c clock
	dir := t.TempDir()
	l := open(t, c.config(dir))
	var row journal.Row
	keyed(t, l, &row, "o", 0)
	c.wall.Add(1000 * hour)
	sweep(t, l)
	if got := kept(t, l, 1); len(got) != 1 {
		t.Fatal("a wall clock that jumped dropped a receipt")
	}
	c.mono.Add(20 * hour)
	keyed(t, l, &row, "o", 1)
	sweep(t, l)
	if age, err := l.OldestReceipt(t.Context()); err != nil || age != 20*3600 {
		t.Errorf("the oldest receipt is %d s old, %v", age, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// The monotonic clock of the next process begins anew; the uptime does not.
	c.mono.Store(5 * second)
	l = open(t, c.config(dir))
	c.mono.Add(3 * hour)
	sweep(t, l)
	if got := kept(t, l, 2); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("after 23 h: %v", got)
	}
	c.mono.Add(1 * hour)
	sweep(t, l)
	if got := kept(t, l, 2); !slices.Equal(got, []int{1}) {
		t.Errorf("after 24 h: %v, want the second one", got)
	}
}

func TestReceiptsBeyondTheCapsGoOldestFirst(t *testing.T) {
	var c clock
	cfg := c.config(t.TempDir())
	cfg.MaxReceipts, cfg.MaxObjectReceipts = 7, 4
	l := open(t, cfg)
	var a, b journal.Row
	for n := range 6 {
		keyed(t, l, &a, "a", n)
	}
	for n := range 3 {
		keyed(t, l, &b, "b", 6+n)
	}
	sweep(t, l)
	if got := kept(t, l, 9); !slices.Equal(got, []int{2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("4 of an object: %v", got)
	}
	keyed(t, l, &b, "b", 9)
	sweep(t, l)
	if got := kept(t, l, 10); !slices.Equal(got, []int{3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("7 in all: %v", got)
	}
}

func TestTombstones(t *testing.T) {
	var c clock
	dir := t.TempDir()
	l := open(t, c.config(dir))
	rows := make([]journal.Row, 3)
	for i := range rows {
		put(t, l, event(&rows[i], fmt.Sprint("o", i), l))
	}
	for _, row := range rows[:2] {
		put(t, l, journal.Commit{Op: journal.OpDelete, Row: row, Expect: row.Sequence, Was: row.Status})
	}
	unfinished := func(want ...int64) {
		t.Helper()
		if got, err := l.Unfinished(t.Context(), "task"); err != nil || !slices.Equal(got, want) {
			t.Errorf("unfinished: %v, %v; want %v", got, err, want)
		}
	}
	dead := func(after int64, want ...string) {
		t.Helper()
		got, err := l.Deleted(t.Context(), "task", after, 10)
		var ids []string
		for _, d := range got {
			ids = append(ids, d.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("deleted after %d: %v, %v; want %v", after, ids, err, want)
		}
	}
	unfinished(rows[0].Generation, rows[1].Generation)
	dead(0, "o0", "o1")
	dead(4, "o1")
	if err := l.Unlinked(t.Context(), []int64{rows[0].Generation}); err != nil {
		t.Fatal(err)
	}
	unfinished(rows[1].Generation)
	c.mono.Add(25 * hour)
	sweep(t, l)
	dead(0, "o1")
	if err := l.Unlinked(t.Context(), []int64{rows[1].Generation}); err != nil {
		t.Fatal(err)
	}
	unfinished()
	sweep(t, l)
	dead(0, "o1") // it is the newest commit
	put(t, l, event(&rows[2], "o2", l))
	sweep(t, l)
	dead(0)
	if err := l.Recover(t.Context()); err != nil {
		t.Error("the ledger does not open without the tombstones:", err)
	}
	if g := l.Reserve(); g <= rows[2].Generation {
		t.Errorf("generation %d is used again", g)
	}
}

func TestKeys(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	ctx := t.Context()
	one := journal.APIKey{ID: "one", Name: "ci", Subject: "ci@x", SecretHash: key(1), Scopes: []string{"task:create", "admin"}, CreatedAt: 2, ExpiresAt: 99}
	two := journal.APIKey{ID: "two", Subject: "bob", SecretHash: key(2), Scopes: []string{}, CreatedAt: 1}
	for _, k := range []journal.APIKey{one, two} {
		if err := l.InsertKey(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.InsertKey(ctx, one); err == nil {
		t.Error("the same id twice")
	}
	for _, err := range []error{
		l.TouchKey(ctx, "one", 50), l.TouchKey(ctx, "one", 40),
		l.RevokeKey(ctx, "one", 60), l.RevokeKey(ctx, "one", 70),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	one.LastUsedAt, one.RevokedAt = 50, 60
	if got, err := l.KeyByID(ctx, "one"); err != nil || fmt.Sprint(got) != fmt.Sprint(one) {
		t.Errorf("got %+v, %v; want %+v", got, err, one)
	}
	if got, err := l.Keys(ctx); err != nil || fmt.Sprint(got) != fmt.Sprint([]journal.APIKey{two, one}) {
		t.Errorf("keys: %+v, %v", got, err)
	}
	for _, err := range []error{l.TouchKey(ctx, "x", 1), l.RevokeKey(ctx, "x", 1)} {
		if !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("a key that does not exist: %v", err)
		}
	}
	if _, err := l.KeyByID(ctx, "x"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("a key that does not exist: %v", err)
	}
}
