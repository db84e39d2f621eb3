package task

import "github.com/spectralnotify/spectralnotify/internal/canonical"

// appendEvent is Class.Encode.
func appendEvent(dst []byte, e Event) []byte {
	o := canonical.Append(dst)
	o.Number("sequence", e.Sequence)
	o.Number("event_type", int64(e.Type))
	o.Text("kind", e.Kind)
	o.Text("message", e.Message)
	if e.HasProgress {
		o.Always("progress", int64(e.Progress))
	}
	o.Text("metadata", e.Metadata)
	o.Number("timestamp", e.Time)
	o.Text("actor", e.Actor)
	o.Number("status", int64(e.Status))
	o.Number("task_progress", int64(e.TaskProgress))
	o.Number("started_at", e.StartedAt)
	o.Number("start_progress", int64(e.StartProgress))
	o.Text("type", e.TaskType)
	o.Texts("tags", e.TaskTags)
	return o.End()
}

// appendState appends what a registry row has no column for.
func appendState(dst []byte, t Task) []byte {
	o := canonical.Append(dst)
	o.Number("progress", int64(t.Progress))
	o.Number("started_at", t.StartedAt)
	o.Number("start_progress", int64(t.StartProgress))
	o.Number("ended_at", t.EndedAt)
	o.Number("end_sequence", t.EndSequence)
	o.Text("ended_by", t.EndedBy)
	o.Text("error", t.Error)
	return o.End()
}
