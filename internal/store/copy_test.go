package store

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// copied returns what Copy writes of a generation.
func copied(t *testing.T, s *taskStore, generation int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Copy(t.Context(), generation, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestACopyIsTheFile(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 7, 900) // larger than what is written at once
	write(t, s, l.home(true, 0, 3))
	write(t, s, l.home(false, 3, 900))
	got := copied(t, s, 7)
	want, err := os.ReadFile(s.Path(7))
	if err != nil || !bytes.Equal(got, want) || len(got) <= copyChunk {
		t.Fatalf("%d bytes, the file has %d, %v", len(got), len(want), err)
	}
}

func TestACopyIsChecked(t *testing.T) {
	s := newStore(t)
	l := newLife(t, 7, 40)
	write(t, s, l.home(true, 0, 40))
	var b bytes.Buffer
	if err := s.Copy(t.Context(), 8, &b); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("of no file: %v", err)
	}
	image, err := os.ReadFile(s.Path(7))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoiled := range map[string][]byte{
		"a bit of the last page": flipped(image, len(image)-500),
		"cut off":                image[:len(image)-1024],
		"of another generation":  nil,
	} {
		generation := int64(7)
		if spoiled == nil {
			generation, spoiled = 9, image
		}
		if err := os.WriteFile(s.Path(generation), spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Copy(t.Context(), generation, &b); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func flipped(image []byte, at int) []byte {
	image = bytes.Clone(image)
	image[at] ^= 8
	return image
}

// loaded is what the ledger knows of a life that stands at an event, with the
// events after one still in its journal.
func (l *life) loaded(sequence, after int) journal.Loaded {
	w := l.home(false, after, sequence)
	o := journal.Loaded{Row: w.Row, Detail: w.Detail}
	for _, r := range l.records[after:sequence] {
		data := task.Class{}.Encode(nil, r.Event)
		o.Pending = append(o.Pending, journal.Entry{Sequence: r.Sequence, LSN: r.LSN, Hash: r.Hash, Data: data})
	}
	return o
}

// A file is cut to where its row stands, whether it is ahead of it, level, or
// behind with the rest in the journal; then life goes on.
func TestAFileIsPlacedAsItsRowStands(t *testing.T) {
	from := newStore(t)
	l := newLife(t, 7, 60)
	write(t, from, l.home(true, 0, 40))
	image := copied(t, from, 7)
	for name, c := range map[string]struct{ sequence, after, holds int }{
		"ahead":                  {25, 25, 25},
		"ahead, all in journal":  {25, 10, 25},
		"level":                  {40, 40, 40},
		"level, with a journal":  {40, 30, 40},
		"behind":                 {50, 40, 40},
		"behind and overlapping": {50, 20, 40},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			o := l.loaded(c.sequence, c.after)
			if err := s.Place(t.Context(), o, l.states[c.sequence-1], bytes.NewReader(image)); err != nil {
				t.Fatal(err)
			}
			wantRecords(t, s, 7, l.records[:c.holds])
			write(t, s, l.home(false, min(c.after, c.holds), 60))
			wantRecords(t, s, 7, l.records)
		})
	}
}

// A file that was cut is as if the rest had never been.
func TestACutFileIsTheFileOfThatMoment(t *testing.T) {
	from, s := newStore(t), newStore(t)
	l := newLife(t, 7, 40)
	write(t, from, l.home(true, 0, 40))
	image := copied(t, from, 7)
	if err := s.Place(t.Context(), l.loaded(25, 25), l.states[24], bytes.NewReader(image)); err != nil {
		t.Fatal(err)
	}
	var state []any
	file, err := s.Recall(t.Context(), 7, func(v []any) error { state = v; return nil }, func(taskRecord) error { return nil })
	if err != nil || file.Sequence != 25 || file.LSN != l.records[24].LSN || file.Hash != l.records[24].Hash {
		t.Errorf("%+v, %v", file, err)
	}
	if want := s.cfg.Layout.State(l.states[24], journal.Row{}); !reflect.DeepEqual(state, want) {
		t.Errorf("its row is %v, want %v", state, want)
	}
}

func TestAFileOfSomethingElseIsNotPlaced(t *testing.T) {
	from := newStore(t)
	l := newLife(t, 7, 60)
	write(t, from, l.home(true, 0, 40))
	image := copied(t, from, 7)
	same := func(*journal.Loaded) {}
	for name, c := range map[string]struct {
		o     journal.Loaded
		spoil func(*journal.Loaded)
		image []byte
	}{
		"a damaged page":              {l.loaded(40, 40), same, flipped(image, 3000)},
		"half a file":                 {l.loaded(40, 40), same, image[:2048]},
		"nothing":                     {l.loaded(40, 40), same, nil},
		"a gap before the journal":    {l.loaded(60, 45), same, image},
		"behind, without a journal":   {l.loaded(60, 60), same, image},
		"another generation's":        {l.loaded(40, 40), func(o *journal.Loaded) { o.Row.Generation = 8 }, image},
		"another history, level":      {l.loaded(40, 40), func(o *journal.Loaded) { o.Row.Hash++ }, image},
		"another history, ahead":      {l.loaded(30, 30), func(o *journal.Loaded) { o.Row.Hash++ }, image},
		"a journal that goes on else": {l.loaded(50, 40), func(o *journal.Loaded) { o.Pending[0].Data = []byte("else") }, image},
		"a journal that disagrees":    {l.loaded(50, 30), func(o *journal.Loaded) { o.Pending[9].Hash++ }, image},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			c.spoil(&c.o)
			err := s.Place(t.Context(), c.o, l.states[c.o.Row.Sequence-1], bytes.NewReader(c.image))
			if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), s.Path(c.o.Row.Generation)) {
				t.Errorf("%v", err)
			}
		})
	}
}
