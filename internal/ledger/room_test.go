package ledger_test

import (
	"errors"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// filler appends events of a kibibyte to one object.
type filler struct {
	l   *ledger.Ledger
	row journal.Row
}

func (f *filler) add(t *testing.T, reserved bool) error {
	t.Helper()
	row := f.row
	c := event(&row, "o", f.l)
	e := &c.Entries[0]
	e.Data = append(e.Data, make([]byte, 1024)...)
	e.Hash = journal.Hash(f.row.Hash, e.Data)
	row.Hash, c.Row.Hash, c.Reserved = e.Hash, e.Hash, reserved
	lost, err := f.l.Commit(t.Context(), []journal.Commit{c})
	if len(lost) > 0 {
		t.Fatal("lost")
	}
	if err == nil {
		f.row = row
	}
	return err
}

// fill adds until there is no room; it returns how many fitted.
func (f *filler) fill(t *testing.T, reserved bool) (n int) {
	t.Helper()
	for {
		switch err := f.add(t, reserved); {
		case errors.Is(err, journal.ErrFull):
			return n
		case err != nil:
			t.Fatal(err)
		}
		n++
	}
}

func (f *filler) forget(t *testing.T) {
	t.Helper()
	put(t, f.l, journal.Commit{Op: journal.OpForget, Row: f.row, Upto: f.row.Sequence})
}

func TestTheCapRefusesAndTheReserveDoesNot(t *testing.T) {
	var c clock
	cfg := c.config(t.TempDir())
	cfg.MaxJournalBytes = 100 << 10
	f := filler{l: open(t, cfg)}
	for _, what := range []string{"at first", "after a forget", "after a recovery"} {
		if f.l.Full() {
			t.Fatal(what, "it is full")
		}
		if n := f.fill(t, false); n < 90 || n > 100 || !f.l.Full() {
			t.Errorf("%s: %d events of 1 KiB fit in 100 KiB, full %v", what, n, f.l.Full())
		}
		if n := f.fill(t, true); n < 8 || n > 10 {
			t.Errorf("%s: %d more fit in the reserve", what, n)
		}
		if o, err := f.l.Load(t.Context(), f.row.Key); err != nil || o.Row.Sequence != f.row.Sequence {
			t.Errorf("%s: what was refused left something behind: %d, want %d, %v", what, o.Row.Sequence, f.row.Sequence, err)
		}
		if err := f.l.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !f.l.Full() {
			t.Errorf("%s: a full journal is not full when it was opened again", what)
		}
		f.forget(t)
		if n := f.l.JournalBytes(); n != 0 {
			t.Errorf("%s: %d bytes are held after all was forgotten", what, n)
		}
	}
}

func TestForgetOfAPartCountsExactly(t *testing.T) {
	var c clock
	cfg := c.config(t.TempDir())
	f := filler{l: open(t, cfg)}
	for range 4 {
		if err := f.add(t, false); err != nil {
			t.Fatal(err)
		}
	}
	put(t, f.l, journal.Commit{Op: journal.OpForget, Row: f.row, Upto: 3})
	counted := f.l.JournalBytes()
	if err := f.l.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if read := f.l.JournalBytes(); read != counted || read < 1024 || read > 1200 {
		t.Errorf("%d bytes are counted, %d are there", counted, read)
	}
}

func TestAFullDiskIsTheErrorOfAFullJournal(t *testing.T) {
	var c clock
	d := newDisk(t)
	l, err := ledger.New(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	f := filler{l: l}
	for range 20 {
		if err := f.add(t, false); err != nil {
			t.Fatal(err)
		}
	}
	d.Fail(powerfail.NoSpace, 1)
	for range 3 {
		if err := f.add(t, false); !errors.Is(err, journal.ErrFull) || errors.Is(err, journal.ErrUnknown) {
			t.Fatalf("no space: %v, want ErrFull", err)
		}
		if o, err := l.Load(t.Context(), f.row.Key); err != nil || o.Row.Sequence != f.row.Sequence {
			t.Fatalf("reads do not go on: sequence %d, %v", o.Row.Sequence, err)
		}
	}
	d.Fail(powerfail.NoFault, 0)
	for range 3 {
		if err := f.add(t, false); err != nil {
			t.Fatal("writes do not resume without recovery:", err)
		}
	}
	d.Restart()
	l2, err := ledger.New(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l2.Close() }()
	if o, err := l2.Load(t.Context(), f.row.Key); err != nil || o.Row.Sequence != f.row.Sequence {
		t.Errorf("after a restart: sequence %d, want %d, %v", o.Row.Sequence, f.row.Sequence, err)
	}
}
