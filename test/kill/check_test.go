package kill

import (
	"strings"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// honest returns a book and a server that agree: a task with a creation, two
// acknowledged updates, and one call of two events whose answer is not known.
func honest() (map[string]*Page, Observation) {
	percent := 10
	history := []wire.Event{
		{ID: 1, Kind: "task.created", Timestamp: noon},
		{ID: 2, Kind: "task.event", Message: "a", Timestamp: noon},
		{ID: 3, Kind: "task.progress", Message: "b", Progress: &percent, Timestamp: noon},
		{ID: 4, Kind: "task.event", Message: "c", Timestamp: noon},
		{ID: 5, Kind: "task.event", Message: "d", Timestamp: noon},
	}
	task := wire.Task{TaskID: "t", Status: "TASK_STATUS_IN_PROGRESS", Progress: 10, Sequence: 5, UpdatedAt: noon}
	listed := task
	page := &Page{
		Exists: true,
		Acked:  []Entry{{"task.created", "", 1}, {"task.event", "a", 2}, {"task.progress", "b", 3}},
		Unknown: map[string]Attempt{"k": {
			Task: "t", Method: "AddEvent", Key: "k",
			Entries: []Entry{{"task.event", "c", 0}, {"task.event", "d", 0}},
		}},
	}
	sight := &Sight{Task: &task, Listed: &listed, History: history}
	return map[string]*Page{"t": page}, Observation{Tasks: map[string]*Sight{"t": sight}, Count: 1, Total: 1}
}

func TestAnHonestServerIsBelieved(t *testing.T) {
	if faults := Check(honest()); len(faults) > 0 {
		t.Error(faults)
	}
	pages, o := honest() // the unknown call did not happen
	s := o.Tasks["t"]
	s.History = s.History[:3]
	s.Task.Sequence, s.Listed.Sequence = 3, 3
	if faults := Check(pages, o); len(faults) > 0 {
		t.Error(faults)
	}
}

// Each line is a server that lies in one way; none may be believed.
func TestLiesAreFound(t *testing.T) {
	renumber := func(s *Sight) {
		for i := range s.History {
			s.History[i].ID = int64(i + 1)
		}
		s.Task.Sequence = int64(len(s.History))
		s.Listed.Sequence = s.Task.Sequence
	}
	for name, tt := range map[string]struct {
		lie  func(p *Page, s *Sight, o *Observation)
		want string
	}{
		"an acknowledged event is lost, numbers closed up": {func(_ *Page, s *Sight, _ *Observation) {
			s.History = append(s.History[:1], s.History[2:]...)
			renumber(s)
		}, "acknowledged was"},
		"an acknowledged event is lost at the end": {func(p *Page, s *Sight, _ *Observation) {
			p.Unknown = nil
			s.History = s.History[:2]
			renumber(s)
			s.Task.Status, s.Listed.Status = "TASK_STATUS_PENDING", "TASK_STATUS_PENDING"
		}, "lost:"},
		"an event is dropped and leaves a gap": {func(_ *Page, s *Sight, _ *Observation) {
			s.History = append(s.History[:1], s.History[2:]...)
		}, "history has 3 where 2 belongs"},
		"an event is there twice": {func(_ *Page, s *Sight, _ *Observation) {
			s.History = append(s.History, s.History[1])
			renumber(s)
		}, "2 times"},
		"two events changed places": {func(_ *Page, s *Sight, _ *Observation) {
			s.History[1], s.History[2] = s.History[2], s.History[1]
			renumber(s)
		}, "acknowledged was"},
		"half of a call happened": {func(_ *Page, s *Sight, _ *Observation) {
			s.History = s.History[:4]
			renumber(s)
		}, "1 of the 2 events"},
		"an event nobody asked for": {func(_ *Page, s *Sight, _ *Observation) {
			s.History = append(s.History, wire.Event{Kind: "task.event", Message: "x", Timestamp: noon})
			renumber(s)
		}, "nobody asked"},
		"the list is behind": {func(_ *Page, s *Sight, _ *Observation) {
			s.Listed.Sequence = 4
		}, "ListAll IN"},
		"the list lacks it": {func(_ *Page, s *Sight, _ *Observation) {
			s.Listed = nil
		}, "ListAll does not"},
		"the task is gone": {func(_ *Page, s *Sight, o *Observation) {
			*s, o.Count, o.Total = Sight{}, 0, 0
		}, "exists: false"},
		"a deleted task is back": {func(p *Page, _ *Sight, _ *Observation) {
			p.Exists = false
		}, "exists: true"},
		"counts are off": {func(_ *Page, _ *Sight, o *Observation) {
			o.Total = 2
		}, "Stats 2"},
		"the status is not that of the history": {func(_ *Page, s *Sight, _ *Observation) {
			s.Task.Status, s.Listed.Status = "TASK_STATUS_SUCCESS", "TASK_STATUS_SUCCESS"
		}, "history leads to"},
		"an acknowledged end is undone": {func(p *Page, _ *Sight, _ *Observation) {
			p.EndedAs = "TASK_STATUS_SUCCESS"
		}, "acknowledged was TASK_STATUS_SUCCESS"},
		"a task nobody created": {func(_ *Page, _ *Sight, o *Observation) {
			o.Tasks["u"] = &Sight{}
		}, "nobody created"},
	} {
		t.Run(name, func(t *testing.T) {
			pages, o := honest()
			tt.lie(pages["t"], o.Tasks["t"], &o)
			faults := strings.Join(Check(pages, o), "\n")
			if !strings.Contains(faults, strings.ReplaceAll(tt.want, "ListAll IN", "ListAll TASK_STATUS_IN")) {
				t.Errorf("faults %q: want %q", faults, tt.want)
			}
		})
	}
}

func shown(id int64, text string) wire.Message {
	return wire.Message{Sequence: id, Event: &wire.Shown{Event: wire.Event{ID: id, Message: text}, Task: wire.Task{Sequence: id}}}
}

func snapshot(ids ...int64) wire.Message {
	s := &wire.Snapshot{}
	for _, id := range ids {
		s.Events = append(s.Events, wire.Event{ID: id})
	}
	s.Task.Sequence = ids[len(ids)-1]
	return wire.Message{Sequence: s.Task.Sequence, Snapshot: s}
}

// Each line is a stream that breaks the promise in one way.
func TestBrokenWatchesAreFound(t *testing.T) {
	reset := wire.Message{Reset: &wire.Why{Reason: "X"}}
	for name, tt := range map[string]struct {
		stream []wire.Message
		want   string // "" for a good one
	}{
		"a good stream":                   {[]wire.Message{snapshot(1, 2), shown(3, ""), {Sequence: 3, Current: &struct{}{}}, shown(4, "")}, ""},
		"an event is dropped":             {[]wire.Message{snapshot(1), shown(3, "")}, "event 3 where 2"},
		"an event comes twice":            {[]wire.Message{snapshot(1), shown(2, ""), shown(2, "")}, "event 2 where 3"},
		"two events changed places":       {[]wire.Message{snapshot(1), shown(3, ""), shown(2, "")}, "event 3 where 2"},
		"no snapshot":                     {[]wire.Message{shown(1, "")}, "before a snapshot"},
		"a snapshot jumps over events":    {[]wire.Message{snapshot(1), snapshot(5)}, "although the cursor was good"},
		"a snapshot with a hole":          {[]wire.Message{snapshot(1, 3)}, "snapshot's event 1 where 2"},
		"a reset nobody should need":      {[]wire.Message{snapshot(1), reset}, "reset X"},
		"current is ahead of what came":   {[]wire.Message{snapshot(1), {Sequence: 2, Current: &struct{}{}}}, "current"},
		"an event is not the one it was":  {[]wire.Message{snapshot(1, 2), {Cursor: "resume"}, shown(2, "x")}, "was \"\" and is \"x\""},
		"a message belies its own number": {[]wire.Message{snapshot(1), {Sequence: 9, Event: shown(2, "").Event}}, "in a message at 9"},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := Tracker{Steady: true}
			var err error
			for _, m := range tt.stream {
				if m.Cursor == "resume" {
					tracker.Resume("", 1)
				} else if err = tracker.Take(m); err != nil {
					break
				}
			}
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWhatWasSeenMustBeInTheHistory(t *testing.T) {
	history := []wire.Event{{ID: 1}, {ID: 2, Message: "a"}, {ID: 3, Message: "b"}}
	for name, tt := range map[string]struct {
		seen map[int64]string
		at   int64
		good bool
	}{
		"all of it":                    {map[int64]string{1: "", 2: "a", 3: "b"}, 3, true},
		"a part of it":                 {map[int64]string{2: "a"}, 2, true},
		"nothing yet":                  {nil, 0, true},
		"one was not seen":             {map[int64]string{1: "", 3: "b"}, 3, false},
		"one was shown and is lost":    {map[int64]string{3: "b", 4: "c"}, 4, false},
		"one was shown and is another": {map[int64]string{2: "a", 3: "x"}, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := Tracker{Seen: tt.seen, At: tt.at}
			if err := tracker.Whole(history); (err == nil) != tt.good {
				t.Error(err)
			}
		})
	}
}
