package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

// rebuild makes a ledger of the objects' files, if the one that is there is lost
// or damaged.
func (d *doctor) rebuild(ctx context.Context) error {
	needed, err := d.ledgerIsLost(ctx)
	if err != nil {
		return err
	}
	if !needed {
		return usagef("--rebuild: the ledger of %s is whole, and a new one would have less: events that are not home and API keys would be gone", shown(string(d.dir)))
	}
	to, err := target(d.dir)
	if err != nil {
		return err
	}
	made, err := backup.Rebuild(ctx, to)
	if err != nil {
		return err
	}
	d.report(made)
	return nil
}

// ledgerIsLost reports whether there is no ledger, or one that is damaged.
func (d *doctor) ledgerIsLost(ctx context.Context) (bool, error) {
	if !d.dir.HasLedger() {
		return true, nil
	}
	l, err := ledger.New(ledger.Config{Dir: string(d.dir), Now: microNow, Monotonic: microUptime})
	if errors.Is(err, journal.ErrDamaged) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if err := l.Close(); err != nil {
		return false, err
	}
	findings, err := ledger.Check(ctx, d.dir.Ledger())
	return len(findings) > 0, err
}

// report says what there is again, and what could not be brought back.
func (d *doctor) report(made backup.Rebuilt) {
	d.note("a new ledger was made of %s", count(made.Objects, "object"))
	for _, path := range made.Aside {
		d.note("the old one is kept: %s", path)
	}
	for _, f := range made.Left {
		d.note("not brought back: %s: %s\n    the next start of the server moves it to %s", f.Path, oneLine(f.Why), d.dir.Quarantine())
	}
	switch {
	case errors.Is(made.Unread, fs.ErrNotExist):
		d.note("not brought back: events that were in no file yet; how many cannot be said, since there is no old ledger")
	case made.Unread != nil:
		d.note("not brought back: events that were in no file yet; how many cannot be said, since the old ledger cannot be read: %s", oneLine(made.Unread.Error()))
	case made.LostEvents > 0:
		d.note("not brought back: %s of %s, which no file had yet%s", count(made.LostEvents, "event"), count(made.LostOf, "object"), gone(made.Gone))
	default:
		d.note("no event was lost, as far as the old ledger tells")
	}
	d.note("not brought back: API keys, so make new ones; idempotency keys, so a call that is repeated now happens again; " +
		"deletes whose file was not removed yet, so what was deleted may be back")
	d.note("watches that go on from before get a reset; page tokens of before are invalid")
}

func gone(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of them had no file and are gone", count(n, "object"))
}
