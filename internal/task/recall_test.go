package task

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

var _ backup.Layout[Task, Event] = Layout{}

// A file tells all of a task: its row and its events lead to the task again.
func TestATaskIsRecalledFromItsFile(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		l := life{apply: Apply}
		now := int64(1_000_000)
		if err := l.begin(randomCreate(r), now, randomActor(r)); err != nil {
			t.Fatal(err)
		}
		for range r.IntN(40) {
			now += r.Int64N(1_000_000)
			if err := l.step(randomCommand(r), now, randomActor(r)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := Layout{}.ScanState(Layout{}.State(l.task, journal.Row{}))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range l.events {
			got = Layout{}.Recall(got, e)
		}
		if !reflect.DeepEqual(got, l.task) {
			t.Fatalf("seed %d: recalled\n%+v, want\n%+v", seed, got, l.task)
		}
	}
}

func TestScanStateRefusesWhatStateDidNotWrite(t *testing.T) {
	l := Layout{}
	good := l.State(Task{ID: "t", Status: Failed, Tags: []string{"x"}, Metadata: "{}", Result: "{}", Error: "e", StartedAt: 1, EndedAt: 2}, journal.Row{})
	if _, err := l.ScanState(good); err != nil {
		t.Fatal(err)
	}
	for i, name := range l.StateColumns() {
		for _, bad := range []any{3.5, []byte("x"), wrong(good[i])} {
			row := slices.Clone(good)
			row[i] = bad
			if _, err := l.ScanState(row); !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("%s = %v: %v", name, bad, err)
			}
		}
	}
	for name, spoil := range map[string]func([]any) []any{
		"a column less":  func(v []any) []any { return v[1:] },
		"a strange word": func(v []any) []any { v[1] = "done"; return v },
		"tags and more":  func(v []any) []any { v[11] = `["x"],`; return v },
	} {
		if _, err := l.ScanState(spoil(slices.Clone(good))); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
