package kill

import (
	"fmt"
	"slices"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// Check holds what a server says against what its callers know and returns what
// does not fit, nothing if all is well.
func Check(pages map[string]*Page, o Observation) []string {
	var c checker
	var exist int64
	for id, s := range o.Tasks {
		c.id = id
		p := pages[id]
		if p == nil {
			c.fault("nobody created it")
			continue
		}
		if s.Task != nil {
			exist++
		}
		c.existence(p, s)
		if s.Task != nil {
			c.agreement(s)
			c.history(s)
			c.acknowledged(p, s)
			c.unknown(p, s)
		}
	}
	for id := range pages {
		if o.Tasks[id] == nil {
			c.id = id
			c.fault("was not asked for")
		}
	}
	c.id = "all tasks"
	if o.Count != exist || o.Total != exist {
		c.fault("%d exist, ListAll counts %d, Stats %d", exist, o.Count, o.Total)
	}
	slices.Sort(c.faults)
	return c.faults
}

type checker struct {
	id     string
	faults []string
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, c.id+": "+fmt.Sprintf(format, args...))
}

// existence: an acknowledged Create or Delete holds, unless a later one is unknown.
func (c *checker) existence(p *Page, s *Sight) {
	for _, a := range p.Unknown {
		if a.Method == "Create" || a.Method == "Delete" {
			return
		}
	}
	if exists := s.Task != nil; exists != p.Exists {
		c.fault("exists: %v, acknowledged: %v", exists, p.Exists)
	}
}

// agreement: listing and GetById say the same (G8).
func (c *checker) agreement(s *Sight) {
	if s.Listed == nil {
		c.fault("GetById shows it, ListAll does not")
		return
	}
	a, b := s.Task, s.Listed
	if a.Status != b.Status || a.Progress != b.Progress || a.Sequence != b.Sequence || !a.UpdatedAt.Equal(b.UpdatedAt) {
		c.fault("GetById says %s %d%% at %d, ListAll %s %d%% at %d", a.Status, a.Progress, a.Sequence, b.Status, b.Progress, b.Sequence)
	}
}

// history: it is dense from 1, ends where the task stands, and leads to the
// task's status.
func (c *checker) history(s *Sight) {
	for i, e := range s.History {
		if e.ID != int64(i+1) {
			c.fault("history has %d where %d belongs", e.ID, i+1)
			return
		}
		if i > 0 && e.Timestamp.Before(s.History[i-1].Timestamp) {
			c.fault("event %d is older than the one before", e.ID)
		}
	}
	if n := int64(len(s.History)); n != s.Task.Sequence {
		c.fault("history has %d events, the task is at %d", n, s.Task.Sequence)
		return
	}
	if got := statusAfter(s.History); got != s.Task.Status {
		c.fault("history leads to %s, the task is %s", got, s.Task.Status)
	}
	if last := s.History[len(s.History)-1]; !last.Timestamp.Equal(s.Task.UpdatedAt) {
		c.fault("last event is of %s, the task of %s", last.Timestamp, s.Task.UpdatedAt)
	}
}

// statusAfter replays a history, by the rules of the lifecycle.
func statusAfter(history []wire.Event) string {
	status := "TASK_STATUS_PENDING"
	for _, e := range history {
		switch e.Kind {
		case "task.succeeded":
			return "TASK_STATUS_SUCCESS"
		case "task.failed":
			return "TASK_STATUS_FAILED"
		case "task.canceled":
			return "TASK_STATUS_CANCELED"
		case "task.progress", "task.event":
			if e.Progress != nil {
				status = "TASK_STATUS_IN_PROGRESS"
			}
		}
	}
	return status
}

// acknowledged: each entry is where the server said, as it was asked for, and
// nowhere else.
func (c *checker) acknowledged(p *Page, s *Sight) {
	if maybeGone(p) {
		return // it may be another incarnation already
	}
	for _, want := range p.Acked {
		if want.Sequence < 1 || want.Sequence > int64(len(s.History)) {
			c.fault("lost: acknowledged %s %q at %d, history ends at %d", want.Kind, want.Text, want.Sequence, len(s.History))
			continue
		}
		got := s.History[want.Sequence-1]
		if got.Kind != want.Kind || want.Text != "" && got.Message != want.Text {
			c.fault("event %d is %s %q, acknowledged was %s %q", want.Sequence, got.Kind, got.Message, want.Kind, want.Text)
		}
	}
	if p.EndedAs != "" && s.Task.Status != p.EndedAs {
		c.fault("is %s, acknowledged was %s", s.Task.Status, p.EndedAs)
	}
}

// maybeGone reports whether a Delete of the task may have happened.
func maybeGone(p *Page) bool {
	for _, a := range p.Unknown {
		if a.Method == "Delete" {
			return true
		}
	}
	return false
}

// unknown: whatever was asked for is in the history at most once, wholly or not
// at all, and nothing is there that nobody asked for.
func (c *checker) unknown(p *Page, s *Sight) {
	at := map[string][]int64{} // :: text -> sequences
	for _, e := range s.History {
		if e.Message != "" && (e.Kind == "task.event" || e.Kind == "task.progress") {
			at[e.Message] = append(at[e.Message], e.ID)
		}
	}
	asked := map[string]bool{}
	for _, e := range p.Acked {
		asked[e.Text] = true
	}
	for _, a := range p.Unknown {
		var found int
		for i, e := range a.Entries {
			asked[e.Text] = true
			if n := at[e.Text]; len(n) > 0 && e.Text != "" {
				found++
				if first := at[a.Entries[0].Text]; len(first) > 0 && n[0] != first[0]+int64(i) {
					c.fault("one call's events are apart: %q is at %d", e.Text, n[0])
				}
			}
		}
		if found != 0 && found != len(a.Entries) {
			c.fault("%d of the %d events of one call are there (%s)", found, len(a.Entries), a.Key)
		}
	}
	for text, sequences := range at {
		if len(sequences) > 1 {
			c.fault("%q is there %d times: %v", text, len(sequences), sequences)
		}
		if !asked[text] {
			c.fault("event %d, %q: nobody asked for it", sequences[0], text)
		}
	}
}
