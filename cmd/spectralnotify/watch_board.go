package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

// A board is what is known of several watched tasks, to be drawn as bars. It is
// not safe for concurrent use.
type board struct {
	rows []*row
	by   map[string]*row // :: id -> its row
}

type row struct {
	task bar.Task
	over bool // nothing more will come
}

func newBoard(ids []string) *board {
	b := &board{by: map[string]*row{}}
	for _, id := range ids {
		b.add(id)
	}
	return b
}

func (b *board) add(id string) *row {
	r := &row{task: bar.Task{ID: id}}
	b.rows = append(b.rows, r)
	b.by[id] = r
	return r
}

// take notes news; of a task that is not there yet, too.
func (b *board) take(n news) {
	r, ok := b.by[n.id]
	if !ok {
		r = b.add(n.id)
	}
	switch {
	case n.over:
		r.over = true
		r.task.Note = ""
		if n.err != nil && !errors.Is(n.err, context.Canceled) {
			r.task.Note = reason(n.err)
		}
	case n.cut != nil:
		r.task.Note = "reconnecting: " + reason(n.cut)
	default:
		r.take(n.message)
	}
}

func (r *row) take(m *taskv1.WatchResponse) {
	r.task.Note = ""
	if t := taskOf(m); t != nil {
		r.setTask(t)
	}
	switch x := m.GetMessage().(type) {
	case *taskv1.WatchResponse_Snapshot:
		if events := x.Snapshot.GetEvents(); len(events) > 0 {
			r.setMessage(events[len(events)-1].GetMessage())
		}
	case *taskv1.WatchResponse_Event:
		r.setMessage(x.Event.GetEvent().GetMessage())
	case *taskv1.WatchResponse_Removed:
		r.task.Status = bar.Removed
	}
}

func (r *row) setMessage(text string) {
	if text != "" {
		r.task.Message = text
	}
}

func (r *row) setTask(t *taskv1.Task) {
	r.task.Status = bar.Status(t.GetStatus())
	r.task.Progress = int(t.GetProgress())
	r.task.Started, r.task.Ended, r.task.ETA = time.Time{}, time.Time{}, time.Time{}
	if at := t.GetStartedAt(); at != nil {
		r.task.Started = at.AsTime()
	}
	if at := endedAt(t); at != nil {
		r.task.Ended = at.AsTime()
	}
	if at := t.GetEta(); at != nil {
		r.task.ETA = at.AsTime()
	}
}

// settle removes the rows of which nothing more will come, and returns them
// drawn.
func (b *board) settle(now time.Time, style bar.Style) []string {
	var done []string
	live := b.rows[:0]
	for _, r := range b.rows {
		if r.over {
			done = append(done, bar.Line(r.task, now, style))
			delete(b.by, r.task.ID)
		} else {
			live = append(live, r)
		}
	}
	b.rows = live
	return done
}

// lines draws the rows, at most height lines.
func (b *board) lines(now time.Time, style bar.Style, height int) []string {
	var lines []string
	for i, r := range b.rows {
		if len(lines) == height-1 && i < len(b.rows)-1 {
			return append(lines, fmt.Sprintf("… and %d more", len(b.rows)-i))
		}
		lines = append(lines, bar.Line(r.task, now, style))
	}
	return lines
}

// label is how wide the column of ids should be.
func (b *board) label(width int) int {
	widest := 0
	for _, r := range b.rows {
		widest = max(widest, bar.Width(bar.Plain(r.task.ID)))
	}
	return min(widest, max(12, width/4))
}
