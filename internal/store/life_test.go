package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

type (
	taskStore      = Store[task.Task, task.Event]
	taskHomecoming = journal.Homecoming[task.Task, task.Event]
	taskRecord     = journal.Record[task.Event]
)

// newStore returns a store on the operating system's disk, in a data directory
// of its own.
func newStore(t testing.TB) *taskStore {
	t.Helper()
	return openStore(t, filepath.Join(t.TempDir(), "objects"), nil, "")
}

func openStore(t testing.TB, dir string, disk Disk, vfs string) *taskStore {
	t.Helper()
	s, err := New(Config[task.Task, task.Event]{
		Dir: dir, Layout: task.Layout{}, Encode: task.Class{}.Encode,
		Epoch: func() string { return "epoch1" }, Disk: disk, VFS: vfs,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A life is a task with everything that ever happened to it: what the journal
// would know.
type life struct {
	generation int64
	states     []task.Task // after each event
	records    []taskRecord
}

var lsn int64

// newLife returns a task of n events.
func newLife(t testing.TB, generation int64, n int) *life {
	t.Helper()
	l := &life{generation: generation}
	for range n {
		l.step(t, nil)
	}
	return l
}

// step makes one more event happen; r decides how large it is.
func (l *life) step(t testing.TB, r *rand.Rand) {
	t.Helper()
	var was *task.Task
	n := len(l.records)
	id := fmt.Sprintf("TASK-%d/../x", l.generation)
	size := 20
	if r != nil {
		size = r.IntN(600)
	}
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a' + byte((i+n)%26)
	}
	var cmd task.Command
	switch {
	case n == 0:
		cmd = task.Create{ID: id, Type: "video", Tags: []string{"a", "b"}, Metadata: `{"source":"upload"}`}
	case n%3 == 0:
		cmd = task.AddEvents{Target: task.Target{ID: id}, Events: []task.NewEvent{{Message: string(text), Metadata: `{"step":"download"}`}}}
	default:
		cmd = task.SetProgress{Target: task.Target{ID: id}, Progress: n % 100, Message: "tag " + string(text)}
	}
	if n > 0 {
		was = &l.states[n-1]
	}
	change, err := task.Apply(was, cmd, int64(1_700_000_000_000_000+n*1000), "worker-1")
	if err != nil {
		t.Fatal(err)
	}
	var prev int64
	if n > 0 {
		prev = l.records[n-1].Hash
	}
	e := change.Events[0]
	lsn++
	l.states = append(l.states, change.Next)
	l.records = append(l.records, taskRecord{
		Sequence: int64(n + 1), LSN: lsn, Event: e,
		Hash: journal.Hash(prev, task.Class{}.Encode(nil, e)),
	})
}

// home returns the homecoming of the events after one, up to another.
func (l *life) home(first bool, after, upto int) taskHomecoming {
	state := l.states[upto-1]
	row, detail := task.Class{}.Pack(state)
	row.Generation, row.LSN, row.Hash = l.generation, l.records[upto-1].LSN, l.records[upto-1].Hash
	return taskHomecoming{Row: row, Detail: detail, State: state, First: first, Records: l.records[after:upto]}
}

// all is the range of everything.
var all = journal.Range{Upto: 1 << 60, Limit: 1 << 30}
