package task

import "strconv"

// appendEvent is Class.Encode.
func appendEvent(dst []byte, e Event) []byte {
	o := fields{dst: append(dst, '{')}
	o.number("sequence", e.Sequence)
	o.number("event_type", int64(e.Type))
	o.text("kind", e.Kind)
	o.text("message", e.Message)
	if e.HasProgress {
		o.always("progress", int64(e.Progress))
	}
	o.text("metadata", e.Metadata)
	o.number("timestamp", e.Time)
	o.text("actor", e.Actor)
	o.number("status", int64(e.Status))
	o.number("task_progress", int64(e.TaskProgress))
	o.number("started_at", e.StartedAt)
	o.number("start_progress", int64(e.StartProgress))
	o.text("type", e.TaskType)
	o.texts("tags", e.TaskTags)
	return append(o.dst, '}')
}

// appendState appends what a registry row has no column for.
func appendState(dst []byte, t Task) []byte {
	o := fields{dst: append(dst, '{')}
	o.number("progress", int64(t.Progress))
	o.number("started_at", t.StartedAt)
	o.number("start_progress", int64(t.StartProgress))
	o.number("ended_at", t.EndedAt)
	o.number("end_sequence", t.EndSequence)
	o.text("ended_by", t.EndedBy)
	o.text("error", t.Error)
	return append(o.dst, '}')
}

// Fields are those of a JSON object that is being written. Those of a zero value
// are left out.
type fields struct{ dst []byte }

func (o *fields) name(name string) {
	if o.dst[len(o.dst)-1] != '{' {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(o.dst, '"')
	o.dst = append(o.dst, name...)
	o.dst = append(o.dst, '"', ':')
}

func (o *fields) always(name string, n int64) {
	o.name(name)
	o.dst = strconv.AppendInt(o.dst, n, 10)
}

func (o *fields) number(name string, n int64) {
	if n != 0 {
		o.always(name, n)
	}
}

func (o *fields) text(name, s string) {
	if s != "" {
		o.name(name)
		o.dst = AppendString(o.dst, s)
	}
}

func (o *fields) texts(name string, list []string) {
	if len(list) > 0 {
		o.name(name)
		o.dst = appendStrings(o.dst, list)
	}
}

// appendStrings appends a JSON array of strings.
func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, s)
	}
	return append(dst, ']')
}
