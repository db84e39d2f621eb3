package store

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

var _ object.Home[task.Task, task.Event] = (*taskStore)(nil)

var update = flag.Bool("update", false, "write the golden files")

func write(t testing.TB, s *taskStore, work ...taskHomecoming) {
	t.Helper()
	for i, err := range s.Write(t.Context(), work) {
		if err != nil {
			t.Fatalf("homecoming %d: %v", i, err)
		}
	}
}

// wantRecords sees that a file shows exactly these, whatever part is asked for.
func wantRecords(t *testing.T, s *taskStore, generation int64, want []taskRecord) {
	t.Helper()
	got, err := s.History(t.Context(), generation, all)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("generation %d shows\n%+v\nwant\n%+v", generation, got, want)
	}
	if c, err := s.Check(t.Context(), generation); err != nil || c.Sequence != want[len(want)-1].Sequence || c.Hash != want[len(want)-1].Hash {
		t.Errorf("check says %+v, %v", c, err)
	}
}

func TestAFileShowsWhatWasWritten(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 5000, 40)
	write(t, s, l.home(true, 0, 12))
	wantRecords(t, s, 5000, l.records[:12])
	write(t, s, l.home(false, 12, 30)) // adds
	wantRecords(t, s, 5000, l.records[:30])
	write(t, s, l.home(false, 20, 40)) // overlaps
	wantRecords(t, s, 5000, l.records)
	write(t, s, l.home(false, 35, 40)) // adds nothing
	wantRecords(t, s, 5000, l.records)
	write(t, s, l.home(true, 0, 33)) // anew
	wantRecords(t, s, 5000, l.records[:33])

	if want := filepath.Join(s.cfg.Dir, "task", "1", "5000.db"); s.Path(5000) != want {
		t.Errorf("path is %s, want %s", s.Path(5000), want)
	}
}

func TestHistoryReadsARange(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 1, 20)
	write(t, s, l.home(true, 0, 20))
	tests := map[string]struct {
		r        journal.Range
		from, to int // of the records; equal is none
	}{
		"everything":                  {all, 0, 20},
		"after one":                   {journal.Range{After: 5, Upto: 20, Limit: 100}, 5, 20},
		"after one, limited":          {journal.Range{After: 5, Upto: 20, Limit: 3}, 5, 8},
		"up to one":                   {journal.Range{Upto: 4, Limit: 100}, 0, 4},
		"the newest":                  {journal.Range{Upto: 99, Limit: 3, Newest: true}, 17, 20},
		"the newest up to one":        {journal.Range{Upto: 10, Limit: 3, Newest: true}, 7, 10},
		"the newest but not so many":  {journal.Range{After: 8, Upto: 10, Limit: 3, Newest: true}, 8, 10},
		"more than there are, newest": {journal.Range{Upto: 20, Limit: 300, Newest: true}, 0, 20},
		"beyond the end":              {journal.Range{After: 20, Upto: 30, Limit: 10}, 0, 0},
		"an empty range":              {journal.Range{After: 9, Upto: 9, Limit: 10}, 0, 0},
		"nothing of it":               {journal.Range{After: 3, Upto: 9}, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.History(t.Context(), 1, tt.r)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != tt.to-tt.from || len(got) > 0 && !reflect.DeepEqual(got, l.records[tt.from:tt.to]) {
				t.Errorf("got %d records, want %d to %d", len(got), tt.from+1, tt.to)
			}
		})
	}
}

func TestManyShareOneWrite(t *testing.T) {
	s := newStore(t)
	var lives []*life
	var work []taskHomecoming
	for i := range 50 {
		l := newLife(t, int64(4080+i), 1+i)
		lives = append(lives, l)
		work = append(work, l.home(true, 0, 1+i))
	}
	write(t, s, work...)
	for _, l := range lives {
		wantRecords(t, s, l.generation, l.records)
	}
}

func TestOneBadFileDoesNotKeepTheOthersFromHome(t *testing.T) {
	s := newStore(t)
	good, ahead, blocked, fresh := newLife(t, 1, 9), newLife(t, 2, 9), newLife(t, 3, 9), newLife(t, 4, 9)
	write(t, s, good.home(true, 0, 5), ahead.home(true, 0, 9))
	if err := os.Mkdir(s.Path(3), 0o700); err != nil { // where its file is to be
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Path(3), "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	errs := s.Write(t.Context(), []taskHomecoming{ahead.home(false, 5, 7), blocked.home(true, 0, 9), good.home(false, 5, 9), fresh.home(true, 0, 9)})
	if !errors.Is(errs[0], journal.ErrDamaged) || errs[1] == nil || errs[2] != nil || errs[3] != nil {
		t.Errorf("%v; want the first two to fail", errs)
	}
	wantRecords(t, s, 1, good.records)
	wantRecords(t, s, 2, ahead.records)
	wantRecords(t, s, 4, fresh.records)
}

func TestAFileThatDisagreesIsNeverAddedTo(t *testing.T) {
	other := func(l *life) *life { // the same task, but for one event
		o := &life{generation: l.generation, states: l.states, records: append([]taskRecord(nil), l.records...)}
		var prev int64
		for i := range o.records {
			r := &o.records[i]
			if i == 6 {
				r.Event.Message = "something else"
			}
			r.Hash = journal.Hash(prev, task.Class{}.Encode(nil, r.Event))
			prev = r.Hash
		}
		return o
	}
	l := newLife(t, 7, 20)
	tests := map[string]struct {
		work taskHomecoming
		text string
	}{
		"the file is ahead":                   {l.home(false, 5, 9), "holds 10 events, the journal knows 9"},
		"an event at home has another hash":   {other(l).home(false, 5, 20), "event 7 is not the one that was committed"},
		"a new event does not follow by hash": {other(l).home(false, 10, 20), "event 11 does not follow"},
		"the same length, another content":    {other(l).home(false, 0, 10), "event 7 is not the one"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			write(t, s, l.home(true, 0, 10))
			err := s.Write(t.Context(), []taskHomecoming{tt.work})[0]
			if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want ErrDamaged with %q", err, tt.text)
			}
			wantRecords(t, s, 7, l.records[:10])
		})
	}
	t.Run("the file of another generation", func(t *testing.T) {
		s := newStore(t)
		write(t, s, l.home(true, 0, 10))
		if err := os.Rename(s.Path(7), s.Path(8)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.History(t.Context(), 8, all); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("history: %v", err)
		}
	})
}

func TestAHomecomingThatIsNotWholeIsRefused(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 1, 9)
	gap := l.home(true, 0, 9)
	gap.Records = append(append([]taskRecord(nil), l.records[:4]...), l.records[5:]...)
	early := l.home(true, 0, 9)
	early.Records = l.records[:8]
	none := l.home(true, 9, 9)
	hash := l.home(true, 0, 9)
	hash.Row.Hash++
	for i, err := range s.Write(t.Context(), []taskHomecoming{gap, early, none, hash}) {
		if err == nil {
			t.Errorf("homecoming %d was written", i)
		}
	}
	if _, err := s.History(t.Context(), 1, all); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("history: %v", err)
	}
}

func TestHistoryOfAFileThatIsNotThere(t *testing.T) {
	s := newStore(t)
	if _, err := s.History(t.Context(), 77, all); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("no directory: %v", err)
	}
	write(t, s, newLife(t, 1, 1).home(true, 0, 1))
	if _, err := s.History(t.Context(), 77, all); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("no file: %v", err)
	}
	if exists, _ := s.disk.Exists(s.Path(77)); exists {
		t.Error("reading made a file")
	}
}

func TestAnUntrustedFileIsMadeAnewWithItsJournalGone(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 3, 9)
	write(t, s, l.home(true, 0, 4))
	if err := os.WriteFile(journalOf(s.Path(3)), []byte("left by a process that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, s, l.home(true, 0, 9))
	if _, err := os.Stat(journalOf(s.Path(3))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
	wantRecords(t, s, 3, l.records)
}

func TestRemove(t *testing.T) {
	s := newStore(t)
	for _, g := range []int64{1, 2, 5000} {
		l := newLife(t, g, 9)
		write(t, s, l.home(true, 0, 5))
		write(t, s, l.home(false, 5, 9)) // makes a journal
	}
	if err := s.Remove(t.Context(), []int64{1, 5000, 3, 99999999}); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), []int64{1}); err != nil {
		t.Errorf("again: %v", err)
	}
	var left []int64
	if err := s.Generations(t.Context(), func(g int64) error { left = append(left, g); return nil }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(left, []int64{2}) {
		t.Errorf("left are %v, want 2", left)
	}
	names, _ := s.disk.ReadDir(filepath.Join(s.cfg.Dir, "task", "0"))
	if len(names) != 2 { // the file and its journal
		t.Errorf("left are %v", names)
	}
}

func TestOrphansGoToQuarantine(t *testing.T) {
	s := newStore(t)
	for _, g := range []int64{1, 2, 3, 4100} {
		l := newLife(t, g, 9)
		write(t, s, l.home(true, 0, 5))
		write(t, s, l.home(false, 5, 9))
	}
	asked := 0
	known := func(class string, lo, hi int64) (map[int64]bool, error) {
		asked++
		if class != "task" || hi-lo != 4096 {
			t.Errorf("asked for %s %d to %d", class, lo, hi)
		}
		return map[int64]bool{1: true, 3: true}, nil
	}
	moved, err := s.Orphans(t.Context(), known)
	if err != nil || asked != 2 || len(moved) != 4 {
		t.Fatalf("moved %v, %v, asked %d times", moved, err, asked)
	}
	quarantine := filepath.Join(filepath.Dir(s.cfg.Dir), "quarantine")
	names, _ := s.disk.ReadDir(quarantine)
	if want := []string{"task-2.db", "task-2.db-journal", "task-4100.db", "task-4100.db-journal"}; !reflect.DeepEqual(names, want) {
		t.Errorf("in quarantine are %v, want %v", names, want)
	}
	write(t, s, newLife(t, 2, 3).home(true, 0, 3))
	if _, err := s.Orphans(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	names, _ = s.disk.ReadDir(quarantine)
	if len(names) != 5 || names[0] != "2-task-2.db" {
		t.Errorf("in quarantine are %v", names)
	}
	boom := errors.New("boom")
	if _, err := s.Orphans(t.Context(), func(string, int64, int64) (map[int64]bool, error) { return nil, boom }); !errors.Is(err, boom) {
		t.Errorf("the ledger cannot be read: %v", err)
	}
	if _, err := s.History(t.Context(), 1, all); err != nil {
		t.Errorf("an owned file: %v", err)
	}
}

func TestACanceledWriteSaysSo(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := newLife(t, 1, 9)
	for _, first := range []bool{true, false} {
		if err := s.Write(ctx, []taskHomecoming{l.home(first, 0, 9)})[0]; !errors.Is(err, context.Canceled) {
			t.Errorf("first %v: %v", first, err)
		}
	}
	write(t, s, l.home(true, 0, 9))
}

func TestAfterCloseCallsFail(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 1, 9)
	write(t, s, l.home(true, 0, 5))
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	for i, err := range s.Write(t.Context(), []taskHomecoming{l.home(false, 5, 9), l.home(true, 0, 9)}) {
		if !errors.Is(err, errClosed) {
			t.Errorf("homecoming %d: %v", i, err)
		}
	}
	if _, err := s.History(t.Context(), 1, all); !errors.Is(err, errClosed) {
		t.Errorf("history: %v", err)
	}
}

// The file as others find it: the seed's columns, and a size that fits a short
// task into 8 KiB.
func TestTheFileIsReadableWithoutUs(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 12, 12)
	write(t, s, l.home(true, 0, 12))
	info, err := os.Stat(s.Path(12))
	if err != nil || info.Size() > 8<<10 || info.Mode().Perm() != 0o600 {
		t.Errorf("size %d, mode %v, %v; want at most 8 KiB, 0600", info.Size(), info.Mode(), err)
	}
	t.Logf("a file of 12 events has %d bytes", info.Size())
	c, err := sqlite.Open(sqlite.Config{Path: s.Path(12), ReadOnly: true, Checksums: true})
	if err != nil {
		t.Fatal(err)
	}
	defer sqlite.CloseAll(c)
	for query, want := range map[string]string{
		"SELECT task_id||' '||status||' '||progress||' '||metadata FROM task_metadata WHERE id=1": `TASK-12/../x in-progress 11 {"source":"upload"}`,
		"SELECT event_type||' '||message FROM task_history WHERE id=1":                            "log Task created",
		"SELECT generation||' '||epoch||' '||sequence||' '||first_sequence FROM task_metadata":    "12 epoch1 12 1",
		"PRAGMA page_size":      "1024",
		"PRAGMA application_id": "1936609122",
		"PRAGMA user_version":   "1",
		"PRAGMA freelist_count": "0",
	} {
		if got, err := sqlite.Text(c, query); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	schema, err := sqlite.SchemaSQL(c)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "task.schema.sql")
	if *update {
		if err := os.WriteFile(golden, []byte(schema), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != schema {
		t.Errorf("the schema is\n%s\nwant, or run with -update,\n%s %v", schema, want, err)
	}
}

func TestAFileOfANewerProgramIsRefusedByName(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 1, 9)
	write(t, s, l.home(true, 0, 5))
	c, err := sqlite.Open(sqlite.Config{Path: s.Path(1), Journal: "truncate"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec("PRAGMA user_version=9"), sqlite.CloseAll(c)); err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), []taskHomecoming{l.home(false, 5, 9)})[0]
	if !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), "schema 9, this one knows 1") {
		t.Errorf("got %v", err)
	}
}

// Every flipped bit is noticed, or provably touches nothing that is served.
func TestAFlippedBitIsNeverServed(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 1, 12)
	write(t, s, l.home(true, 0, 12))
	whole, err := os.ReadFile(s.Path(1))
	if err != nil {
		t.Fatal(err)
	}
	noticed := 0
	for bit := 0; bit < len(whole)*8; bit += 131 {
		image := append([]byte(nil), whole...)
		image[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(s.Path(1), image, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Check(t.Context(), 1)
		got, herr := s.History(t.Context(), 1, all)
		switch {
		case herr == nil && !reflect.DeepEqual(got, l.records):
			t.Errorf("bit %d: wrong events were served", bit)
		case herr != nil && !errors.Is(herr, journal.ErrDamaged):
			t.Errorf("bit %d: history: %v, want ErrDamaged", bit, herr)
		case err == nil:
			t.Errorf("bit %d: check noticed nothing", bit)
		case !errors.Is(err, journal.ErrDamaged):
			t.Errorf("bit %d: check: %v, want ErrDamaged", bit, err)
		default:
			noticed++
		}
	}
	t.Logf("%d flipped bits, each noticed", noticed)
}

// Rows that were changed by SQL have good checksums; the chain notices them.
func TestARowThatWasChangedIsNeverServed(t *testing.T) {
	for name, sql := range map[string]string{
		"another message":         "UPDATE task_history SET message='hello' WHERE id=5",
		"a missing event":         "DELETE FROM task_history WHERE id=5",
		"a missing last event":    "DELETE FROM task_history WHERE id=12",
		"another hash":            "UPDATE task_history SET hash=1 WHERE id=5",
		"another count":           "UPDATE task_metadata SET sequence=11",
		"no metadata row":         "DELETE FROM task_metadata",
		"no table":                "DROP TABLE task_history",
		"a number for a word":     "UPDATE task_history SET status=3 WHERE id=5",
		"a blob for a text":       "UPDATE task_history SET message=x'00' WHERE id=5",
		"another class's file":    "PRAGMA application_id=7",
		"an event after the last": "INSERT INTO task_history SELECT 14,event_type,message,progress,timestamp,metadata,kind,actor,status,task_progress,started_at,start_progress,created,lsn,hash FROM task_history WHERE id=12",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			l := newLife(t, 1, 12)
			write(t, s, l.home(true, 0, 12))
			c, err := sqlite.Open(sqlite.Config{Path: s.Path(1), Journal: "truncate"})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.Exec(sql), sqlite.CloseAll(c)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Check(t.Context(), 1); !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("check: %v", err)
			}
			if got, err := s.History(t.Context(), 1, all); err == nil && !reflect.DeepEqual(got, l.records) && name != "another count" {
				t.Error("history served it")
			} else if err != nil && !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("history: %v", err)
			}
		})
	}
}

// full is a disk on which nothing new fits.
type full struct {
	osDisk
	err error
}

func (f full) Create(string) (File, error) {
	return nil, &os.PathError{Op: "open", Path: "x", Err: f.err}
}

func TestWhatTheSystemSaysIsRecognisable(t *testing.T) {
	for _, want := range []error{syscall.ENOSPC, syscall.EMFILE} {
		s := openStore(t, filepath.Join(t.TempDir(), "objects"), full{err: want}, "")
		if err := s.Write(t.Context(), []taskHomecoming{newLife(t, 1, 3).home(true, 0, 3)})[0]; !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
