package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

// walOf makes the -wal of the tests: 4 transactions, the last of which takes some
// bytes more for each of its 5 objects; and where each ends.
func walOf(t *testing.T, last int) (dir string, k *tracker, before map[string]journal.Row, ends []int64) {
	t.Helper()
	var c clock
	dir = t.TempDir()
	l := open(t, c.config(dir))
	k = track(l)
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "ledger.db-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	for n := range 4 {
		if n == 3 {
			k.size = last
		}
		before = map[string]journal.Row{}
		for id, row := range k.rows {
			before[id] = row
		}
		if err := k.step(t, 5); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, size())
	}
	return killed(t, dir), k, before, ends
}

// opened opens a copy of a directory whose -wal is changed, and says what is
// found: "refused", "all", "before" the last commit, or "wrong".
func opened(t *testing.T, open maker, dir string, k *tracker, before map[string]journal.Row, change func([]byte) []byte) string {
	t.Helper()
	to := killed(t, dir)
	name := filepath.Join(to, "ledger.db-wal")
	wal, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, change(wal), 0o600); err != nil {
		t.Fatal(err)
	}
	var c clock
	cfg := c.config(to)
	cfg.Readers = 1
	l, err := open(cfg)
	if err != nil {
		if !errors.Is(err, journal.ErrDamaged) {
			t.Fatalf("not an ErrDamaged: %v", err)
		}
		if kept, err := filepath.Glob(name + ".damaged-*"); err != nil || len(kept) != 1 {
			t.Errorf("copies kept of the damaged -wal: %v, %v", kept, err)
		}
		return "refused"
	}
	defer l.Close()
	switch {
	case same(t, l, k.rows) == nil:
		return "all"
	case same(t, l, before) == nil:
		return "before"
	}
	return "wrong"
}

func TestTornEndOfTheWALIsAccepted(t *testing.T) {
	dir, k, before, ends := walOf(t, 0)
	from, to := ends[len(ends)-2], ends[len(ends)-1]
	for at := from; at < to; at += 2048 + 512 {
		cut := func(wal []byte) []byte { return wal[:at] }
		if got := opened(t, ledger.New, dir, k, before, cut); got != "before" {
			t.Errorf("the last commit is cut at byte %d of %d to %d: %s", at, from, to, got)
		}
		// The other sectors of the commit have arrived, this one has not.
		hole := func(wal []byte) []byte { clear(wal[at:min(at+512, to)]); return wal }
		if got := opened(t, ledger.New, dir, k, before, hole); got != "before" && got != "all" {
			t.Errorf("the last commit lacks the sector at byte %d of %d to %d: %s", at, from, to, got)
		}
	}
}

// Of one frame in 64 the commit mark is the end of a sector and the salt begins
// the next. If only the second arrives, a mark of the -wal's last time round stands
// before the salt of this one: it is no mark of a commit that was synced.
func TestACommitMarkThatMayBeOldIsNoDamage(t *testing.T) {
	dir, k, before, ends := walOf(t, 32<<10)
	const frame = 24 + 4096
	at := int64(32 + 105*frame)
	if at%512 != 504 || ends[2] > at-frame || ends[3] < at+2*frame {
		t.Fatalf("frame 105, at byte %d, is not in the midst of the last commit, bytes %d to %d", at, ends[2], ends[3])
	}
	for name, torn := range map[string]func([]byte) []byte{
		"an old mark, and a torn frame before": func(wal []byte) []byte {
			clear(wal[ends[2] : ends[2]+512])
			copy(wal[at:], []byte{0, 0, 0, 9, 0, 0, 0, 40})
			return wal
		},
		"an old number of a page, a bit from the new one": func(wal []byte) []byte {
			wal[at+3] ^= 4
			return wal
		},
	} {
		if got := opened(t, ledger.New, dir, k, before, torn); got != "before" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDamageInTheWALIsRefused(t *testing.T) {
	dir, k, before, ends := walOf(t, 0)
	last := ends[len(ends)-2]
	if at := flips(t, ledger.New, dir, k, before, last); at >= 0 {
		t.Errorf("the ledger opens without what was answered, with a bit flipped in byte %d", at)
	}
}

func TestDamageInTheWALMutantWithoutInspection(t *testing.T) {
	dir, k, before, _ := walOf(t, 0)
	if flips(t, ledger.NewWithoutInspection, dir, k, before, 200) < 0 {
		t.Error("a ledger that takes any invalid frame for the end was not caught")
	}
}

// flips flips bits up to a byte, one at a time: each of the headers of the file
// and of every ninth frame, and some of its page. It returns where the first is
// that makes the ledger open without what was answered; -1 if there is none.
func flips(t *testing.T, open maker, dir string, k *tracker, before map[string]journal.Row, upto int64) int64 {
	const frame = 24 + 4096
	for at := int64(0); at < upto; at++ {
		inFrame := (at - 32) % frame
		if at >= 32 && (inFrame >= 24 && inFrame%1361 != 0 || (at-32)/frame%9 != 0) {
			continue
		}
		flip := func(wal []byte) []byte { wal[at] ^= 1 << (at % 8); return wal }
		if got := opened(t, open, dir, k, before, flip); got != "refused" && got != "all" {
			return at
		}
	}
	return -1
}
