package store

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// A file that is missing or not what was written is begun anew with what the
// journal still has; what was there is kept.
func TestADamagedFileIsBegunAnew(t *testing.T) {
	flip := func(t *testing.T, path string) {
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		image[len(image)-100] ^= 4
		rewrite(t, path, image)
	}
	tests := map[string]func(t *testing.T, path string){
		"a bit has flipped":      flip,
		"it is no database":      func(t *testing.T, path string) { rewrite(t, path, bytes.Repeat([]byte("garbage "), 500)) },
		"it is empty":            func(t *testing.T, path string) { rewrite(t, path, nil) },
		"it was cut":             func(t *testing.T, path string) { check(t, os.Truncate(path, 2048)) },
		"it is missing":          func(t *testing.T, path string) { check(t, os.Remove(path)) },
		"its directory is, too":  func(t *testing.T, path string) { check(t, os.RemoveAll(filepath.Dir(path))) },
		"it is another's":        func(t *testing.T, path string) { check(t, os.Rename(filepath.Join(filepath.Dir(path), "8.db"), path)) },
		"it is of an older day":  func(t *testing.T, path string) { copyFile(t, path+".old", path) },
		"it has a stray journal": func(t *testing.T, path string) { flip(t, path); rewrite(t, journalOf(path), []byte("stray")) },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			l := newLife(t, 7, 20)
			write(t, s, l.home(true, 0, 8), newLife(t, 8, 12).home(true, 0, 12))
			copyFile(t, s.Path(7), s.Path(7)+".old")
			write(t, s, l.home(false, 8, 12))
			damage(t, s.Path(7))
			broken, err := os.ReadFile(s.Path(7))
			missing := errors.Is(err, os.ErrNotExist)
			write(t, s, l.home(false, 12, 16))
			write(t, s, l.home(false, 16, 20))
			got, err := s.History(t.Context(), 7, all)
			if err != nil || !reflect.DeepEqual(got, l.records[12:]) {
				t.Errorf("it shows %d events, %v; want 13 to 20", len(got), err)
			}
			var lost *journal.LostError
			if _, err := s.History(t.Context(), 7, journal.Range{Upto: 12, Limit: 99}); !errors.As(err, &lost) || lost.First != 13 {
				t.Errorf("the events before: %v, want that they are lost", err)
			}
			if c, err := s.Check(t.Context(), 7); err != nil || c.First != 13 || c.Sequence != 20 {
				t.Errorf("check: %+v, %v", c, err)
			}
			kept, err := os.ReadFile(filepath.Join(filepath.Dir(s.cfg.Dir), "quarantine", "task-7.db"))
			if !missing && (err != nil || !bytes.Equal(kept, broken)) {
				t.Errorf("in quarantine are %d bytes, %v; want the %d that there were", len(kept), err, len(broken))
			}
		})
	}
}

// If the journal has all of it, nothing is lost.
func TestAFileBegunAnewFromTheFirstEventIsWhole(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 7, 20)
	write(t, s, l.home(true, 0, 12))
	rewrite(t, s.Path(7), []byte("garbage"))
	write(t, s, l.home(false, 0, 20))
	wantRecords(t, s, 7, l.records)
}

// Where all files are missing, more is wrong than a file.
func TestNothingIsBegunAnewOnADiskThatIsNotThere(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 7, 20)
	write(t, s, l.home(true, 0, 12))
	away := s.cfg.Dir + "-away"
	check(t, os.Rename(s.cfg.Dir, away))
	check(t, os.Mkdir(s.cfg.Dir, 0o700)) // the empty place of a mount
	if err := s.Write(t.Context(), []taskHomecoming{l.home(false, 12, 20)})[0]; err == nil {
		t.Error("a file was begun anew although all files are missing")
	}
	check(t, os.Remove(s.cfg.Dir))
	check(t, os.Rename(away, s.cfg.Dir))
	write(t, s, l.home(false, 12, 20))
	wantRecords(t, s, 7, l.records)
}

func TestQuarantineTakesOnlyWhatIsDamaged(t *testing.T) {
	s := newStore(t)
	quarantined := func() []string {
		names, _ := s.disk.ReadDir(filepath.Join(filepath.Dir(s.cfg.Dir), "quarantine"))
		return names
	}
	l := newLife(t, 7, 12)
	write(t, s, l.home(true, 0, 12))
	for _, g := range []int64{7, 9} { // whole, missing
		if err := s.Quarantine(t.Context(), g); err != nil || len(quarantined()) > 0 {
			t.Errorf("generation %d: %v, in quarantine are %v", g, err, quarantined())
		}
	}
	// More than once, and each time with its journal: a journal beside the wrong
	// database would be rolled into it.
	for n, journal := range []bool{false, true, true} {
		write(t, s, l.home(true, 0, 12))
		rewrite(t, s.Path(7), []byte{byte(n)})
		if journal {
			rewrite(t, journalOf(s.Path(7)), []byte{byte(n)})
		}
		_, err := s.retire(7)
		check(t, err)
	}
	want := []string{"2-task-7.db", "2-task-7.db-journal", "3-task-7.db", "3-task-7.db-journal", "task-7.db"}
	if got := quarantined(); !reflect.DeepEqual(got, want) {
		t.Errorf("in quarantine are %v, want %v", got, want)
	}
	if _, err := s.History(t.Context(), 7, all); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("history: %v", err)
	}
}

var flips = flag.Int("flips", 1500, "flipped bits of the test of them")

// Of 1,500 flipped bits none makes the store answer what was never written, and
// none keeps events from coming home.
func TestNoFlippedBitIsServedOrStopsTheObject(t *testing.T) {
	d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}})
	t.Cleanup(d.Close)
	s := openStore(t, objectsDir, d, d.VFS())
	const before = 30
	l := newLife(t, 1, before+2)
	path := s.Path(1)
	r := rand.New(rand.NewPCG(*seed, 13))
	noticed, anew := 0, 0
	for range *flips {
		write(t, s, l.home(true, 0, before))
		image, err := d.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bit := r.Int64N(int64(len(image)) * 8)
		check(t, d.Damage(path, bit))
		after := r.IntN(before)
		got, err := s.History(t.Context(), 1, journal.Range{After: int64(after), Upto: before, Limit: 1 + r.IntN(before)})
		switch {
		case err != nil && !errors.Is(err, journal.ErrDamaged):
			t.Fatalf("bit %d: %v, want ErrDamaged", bit, err)
		case err != nil:
			noticed++
		case len(got) == 0 || !reflect.DeepEqual(got, l.records[after:after+len(got)]):
			t.Fatalf("bit %d: wrong events are served", bit)
		}
		write(t, s, l.home(false, before, before+2)) // whatever was hit
		got, err = s.History(t.Context(), 1, all)
		switch {
		case errors.Is(err, journal.ErrDamaged): // in a page that adding did not touch
			check(t, s.Quarantine(t.Context(), 1))
			continue
		case err != nil || len(got) < 2 || !reflect.DeepEqual(got, l.records[before+2-len(got):]):
			t.Fatalf("bit %d, and events were added: %d events, %v", bit, len(got), err)
		case len(got) == 2:
			anew++
		}
	}
	t.Logf("%d flipped bits: %d reads of damage refused, %d files begun anew, 0 wrong answers", *flips, noticed, anew)
	if noticed < *flips/2 || anew < *flips/10 {
		t.Error("the flips hit nothing")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rewrite(t *testing.T, path string, data []byte) {
	t.Helper()
	check(t, os.WriteFile(path, data, 0o600))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	check(t, err)
	rewrite(t, to, data)
}
