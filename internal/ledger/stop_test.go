package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// crowd fills a ledger with objects of which the journal holds nothing, each
// with a page of details, and some commits that are only in the -wal.
func crowd(t *testing.T, l *ledger.Ledger, n int) map[string]journal.Loaded {
	t.Helper()
	objects := map[string]journal.Loaded{}
	for i := range n {
		var row journal.Row
		c := event(&row, fmt.Sprint("o", i), l)
		c.Detail = &journal.Detail{Metadata: fmt.Appendf(nil, `{"n":%q}`, strings.Repeat(fmt.Sprint(i), 1500))}
		c.Row.Type = fmt.Sprintf("<%d>", i) // only the row has it
		batch := []journal.Commit{c}
		put(t, l, batch...)
		put(t, l, journal.Commit{Op: journal.OpForget, Row: row, Upto: 1})
		objects[row.ID] = journal.Loaded{Row: batch[0].Row, Detail: *c.Detail}
	}
	return objects
}

// right sees that what a ledger shows is what was written, or that it says
// damage; it returns how often that was.
func right(t *testing.T, l *ledger.Ledger, want map[string]journal.Loaded) (damages int, err error) {
	t.Helper()
	judge := func(err error) error {
		if errors.Is(err, journal.ErrJournalDamaged) {
			damages++
			return nil
		}
		return err
	}
	for id, o := range want {
		got, err := l.Load(t.Context(), journal.Key{Class: "task", ID: id})
		if err == nil && fmt.Sprint(got) != fmt.Sprint(o) {
			err = fmt.Errorf("%s is %v, want %v", id, got.Row, o.Row)
		}
		if err := judge(err); err != nil {
			return damages, err
		}
	}
	page, err := l.List(t.Context(), journal.Query{Class: "task", Limit: 1000, Detail: true})
	if err == nil && (len(page.Rows) != len(want) || page.Count != int64(len(want))) {
		err = fmt.Errorf("%d objects are listed, %d counted, want %d", len(page.Rows), page.Count, len(want))
	}
	for _, got := range page.Rows {
		o := want[got.Row.ID]
		o.Pending = nil // is not listed
		if err == nil && fmt.Sprint(got) != fmt.Sprint(o) {
			err = fmt.Errorf("%s is listed as %v, want %v", got.Row.ID, got.Row, o.Row)
		}
	}
	return damages, judge(err)
}

// A bit that flips while the ledger is open is not served: what is shown is
// right or said to be damaged, and once it was, nothing is written any more.
func TestDamageThatIsMetWhileServingStopsWriting(t *testing.T) {
	dir := t.TempDir()
	var c clock
	l := open(t, c.config(dir))
	objects := crowd(t, l, 60)
	whole := killed(t, dir)
	r := rand.New(rand.NewPCG(3, 3))
	met := map[string]int{}
	for n := range 40 {
		where := []string{"ledger.db", "ledger.db-wal"}[n%2]
		to := killed(t, whole)
		func() {
			l, err := ledger.New(c.config(to))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			now := map[string]journal.Loaded{}
			for id, o := range objects {
				now[id] = o
			}
			if where == "ledger.db-wal" { // all of it was moved: give it something to hold
				var batch []journal.Commit
				for id := range now {
					row := now[id].Row
					batch = append(batch, event(&row, id, l))
				}
				put(t, l, batch...)
				for _, c := range batch {
					now[c.Row.ID] = journal.Loaded{Row: c.Row, Detail: now[c.Row.ID].Detail, Pending: c.Entries}
				}
			}
			at := flip(t, filepath.Join(to, where), r)
			damages, err := right(t, l, now)
			if err != nil {
				t.Errorf("a bit of byte %d of %s: %v", at, where, err)
			}
			var row journal.Row
			_, err = l.Commit(t.Context(), []journal.Commit{event(&row, "new", l)})
			if damages == 0 {
				return // untouched
			}
			met[where]++
			if !errors.Is(err, journal.ErrJournalDamaged) || errors.Is(err, journal.ErrUnknown) {
				t.Errorf("a bit of byte %d of %s: damage was met, and a commit answers %v", at, where, err)
			}
			select {
			case <-l.Broke():
			default:
				t.Error("it met damage and does not say so")
			}
			if again, err := right(t, l, now); again == 0 || err != nil {
				t.Errorf("later it shows damage %d times, %v", again, err)
			}
		}()
	}
	t.Logf("40 flipped bits, damage met by %v", met)
	if met["ledger.db"] == 0 || met["ledger.db-wal"] == 0 {
		t.Error("the flips hit nothing that is read")
	}
}

// flip flips a bit of a file on the disk, and says in which byte.
func flip(t *testing.T, path string, r *rand.Rand) int {
	t.Helper()
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := r.IntN(len(image))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte{image[at] ^ 1<<r.IntN(8)}, int64(at))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return at
}

// A commit that meets damage is taken back, and the last one.
func TestACommitThatMeetsDamageIsTheLast(t *testing.T) {
	d, l, objects := resting(t)
	row := objects["o60"].Row
	spoil(t, d, row.Type)
	_, err := l.Commit(t.Context(), []journal.Commit{event(&row, "o60", l)})
	if !errors.Is(err, journal.ErrJournalDamaged) || errors.Is(err, journal.ErrUnknown) {
		t.Fatalf("a commit that meets damage: %v", err)
	}
	for what, call := range map[string]func() error{
		"a commit of another object": func() error {
			row := objects["o1"].Row
			_, err := l.Commit(t.Context(), []journal.Commit{event(&row, "o1", l)})
			return err
		},
		"a key":   func() error { return l.InsertKey(t.Context(), journal.APIKey{ID: "k"}) },
		"a sweep": func() error { return l.Sweep(t.Context()) },
	} {
		if err := call(); !errors.Is(err, journal.ErrJournalDamaged) {
			t.Errorf("%s after that: %v", what, err)
		}
	}
	if damages, err := right(t, l, objects); err != nil || damages > len(objects)/2+1 {
		t.Errorf("of %d objects %d cannot be read, %v", len(objects), damages, err)
	}
	before := d.Ops()
	if err := l.Close(); err != nil || d.Ops() != before {
		t.Errorf("a damaged ledger is closed with %d changes of the disk, %v", d.Ops()-before, err)
	}
}

// What cannot be opened again because it is damaged is given up, not tried
// forever.
func TestARecoveryThatMeetsDamageIsTheLast(t *testing.T) {
	d, l, _ := resting(t)
	d.Fail(powerfail.IOErrOnce, 1)
	var row journal.Row
	if _, err := l.Commit(t.Context(), []journal.Commit{event(&row, "new", l)}); !errors.Is(err, journal.ErrUnknown) {
		t.Fatalf("a commit on a disk that fails: %v", err)
	}
	spoil(t, d, l.Epoch()) // what the start reads
	if err := l.Recover(t.Context()); !errors.Is(err, journal.ErrJournalDamaged) {
		t.Errorf("recovery: %v", err)
	}
	if _, err := l.Load(t.Context(), journal.Key{Class: "task", ID: "o1"}); !errors.Is(err, journal.ErrJournalDamaged) {
		t.Errorf("a read after that: %v", err)
	}
}

// resting returns a ledger with a crowd of which nothing is in memory.
func resting(t *testing.T) (*powerfail.Disk, *ledger.Ledger, map[string]journal.Loaded) {
	t.Helper()
	d, l := onDisk(t)
	objects := crowd(t, l, 130) // more than the start reads of
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var c clock
	l, err := ledger.New(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return d, l, objects
}

// spoil flips a bit wherever a text stands in a leaf of a table of the ledger's
// file. Inner pages have what is left of leaves that were split.
func spoil(t *testing.T, d *powerfail.Disk, text string) {
	t.Helper()
	image, err := d.ReadFile("/data/ledger.db")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(image), text) {
		t.Fatalf("the ledger does not hold %q", text)
	}
	const leaf = 13
	for at := range image {
		if image[at&^4095] == leaf && strings.HasPrefix(string(image[at:min(at+len(text), len(image))]), text) {
			if err := d.Damage("/data/ledger.db", int64(at)*8); err != nil {
				t.Fatal(err)
			}
		}
	}
}
