package task

// Status is where a task stands. The numbers are those of the API and of the
// registry; they never change.
type Status uint8

const (
	Pending    Status = 1
	InProgress Status = 2
	Success    Status = 3
	Failed     Status = 4
	Canceled   Status = 5
)

// Final reports whether a task of this status has ended.
func (s Status) Final() bool { return s >= Success }

// String returns the status as task files and the seed spell it, such as
// "in-progress".
func (s Status) String() string {
	switch s {
	case Pending:
		return "pending"
	case InProgress:
		return "in-progress"
	case Success:
		return "success"
	case Failed:
		return "failed"
	case Canceled:
		return "canceled"
	}
	return "unspecified"
}

// A Task is the state of one task. It is a value: rules return a new one and
// never change one in place, nor its Tags.
type Task struct {
	ID        string
	Type      string
	Tags      []string // sorted, each once
	CreatedBy string   // subject of the creator
	Status    Status
	Progress  int    // percent, 0 to 100
	Metadata  string // JSON of the creator
	Result    string // JSON of the terminal call
	Error     string // text of Fail
	Sequence  int64  // number of the last event

	CreatedAt int64
	UpdatedAt int64 // time of the last event
	StartedAt int64 // left PENDING; 0 before
	EndedAt   int64 // reached a final status; 0 before

	StartProgress int    // progress when it left PENDING: where the rate is measured from
	EndSequence   int64  // event that ended it; 0 before
	EndedBy       string // actor of that event
}
