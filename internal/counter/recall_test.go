package counter_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

var _ backup.Layout[counter.Counter, counter.Event] = counter.Layout{}

// A file tells all of a counter: its row and its events lead to the counter again.
func TestACounterIsRecalledFromItsFile(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for range 50 {
		states, events := life(t, r)
		want := states[len(states)-1]
		got, err := counter.Layout{}.ScanState(counter.Layout{}.State(want, journal.Row{}))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			got = counter.Layout{}.Recall(got, e)
		}
		if got != want {
			t.Fatalf("recalled %+v, want %+v", got, want)
		}
	}
}

func TestScanStateRefusesWhatStateDidNotWrite(t *testing.T) {
	l := counter.Layout{}
	good := l.State(counter.Counter{Name: "c"}, journal.Row{})
	for i, name := range l.StateColumns() {
		row := slices.Clone(good)
		row[i] = 3.5
		if _, err := l.ScanState(row); !errors.Is(err, journal.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.ScanState(good[1:]); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("a column less: %v", err)
	}
}
