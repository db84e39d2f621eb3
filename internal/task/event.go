package task

// EventType is the seed's sort of event. The numbers are those of the API.
type EventType uint8

const (
	Log          EventType = 1
	Progress     EventType = 2
	ErrorEvent   EventType = 3
	SuccessEvent EventType = 4
)

// String returns the type as task files and the seed spell it, such as "log".
func (t EventType) String() string {
	switch t {
	case Log:
		return "log"
	case Progress:
		return "progress"
	case ErrorEvent:
		return "error"
	case SuccessEvent:
		return "success"
	}
	return "unspecified"
}

// The kinds of event: which call made it.
const (
	KindCreated   = "task.created"
	KindEvent     = "task.event"
	KindProgress  = "task.progress"
	KindSucceeded = "task.succeeded"
	KindFailed    = "task.failed"
	KindCanceled  = "task.canceled"
)

// An Event is one entry of a task's history. It is never changed.
type Event struct {
	Sequence    int64
	Type        EventType
	Kind        string
	Message     string
	Progress    int // percent; counts only if HasProgress
	HasProgress bool
	Metadata    string // JSON of the caller
	Time        int64
	Actor       string // subject of the caller; empty for anonymous

	// The task after the event, so that it is known at any point of its
	// history without replaying all of it.
	Status        Status
	TaskProgress  int
	StartedAt     int64
	StartProgress int

	// Only in a creation.
	TaskType string
	TaskTags []string
}
