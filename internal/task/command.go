package task

// A Command is one call on one task: Create, AddEvents, SetProgress, Complete,
// Fail, Cancel or Delete.
type Command interface {
	// TaskID is the id of the task the call is on; it may be empty where only
	// error texts need it.
	TaskID() string

	// expected is the sequence the caller wants the task to be at; nil for any.
	expected() *int64

	// check reports the first field that breaks its rule.
	check() error

	// draft returns the events to be, without their place in a history: no
	// sequence, time or actor. Status is where the event moves the task; 0
	// leaves it.
	draft() []Event
}

// A Target says which task a command is on.
type Target struct {
	ID       string
	Expected *int64 // if not nil, the sequence the task must be at
}

// TaskID returns the target's id.
func (t Target) TaskID() string { return t.ID }

func (t Target) expected() *int64 { return t.Expected }

// Create begins a task.
type Create struct {
	ID       string
	Type     string
	Tags     []string // in any order, repeats allowed
	Status   Status   // Pending, which is also meant by 0, or InProgress
	Progress int
	Metadata string
}

// TaskID returns the id of the task to be.
func (c Create) TaskID() string { return c.ID }

func (Create) expected() *int64 { return nil }

// AddEvents adds events, all or none: 1 to MaxEvents of them.
type AddEvents struct {
	Target
	Events []NewEvent
	One    bool // the caller sent one event, not a list; errors name its fields so
}

// A NewEvent is an event to add.
type NewEvent struct {
	Type        EventType // 0 is Progress if HasProgress, else Log
	Message     string
	Progress    int // counts only if HasProgress
	HasProgress bool
	Metadata    string
}

// SetProgress reports progress.
type SetProgress struct {
	Target
	Progress int
	Message  string // if empty, "Progress 40%"
	Metadata string
}

// Complete ends a task as Success.
type Complete struct {
	Target
	Result string
}

// Fail ends a task as Failed.
type Fail struct {
	Target
	Error  string // required
	Result string
}

// Cancel ends a task as Canceled.
type Cancel struct {
	Target
	Result string
}

// Delete removes a task, whatever its status.
type Delete struct {
	Target
}

// Ends reports whether a command ends work: such calls may use the room that is
// kept for them when there is little left.
func Ends(cmd Command) bool {
	switch cmd.(type) {
	case Complete, Fail, Cancel, Delete:
		return true
	}
	return false
}

// verb returns the call that leads to a final status, as the API names it.
func verb(s Status) string {
	switch s {
	case Success:
		return "Complete"
	case Failed:
		return "Fail"
	case Canceled:
		return "Cancel"
	}
	return ""
}
