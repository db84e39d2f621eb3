package wire

import (
	"encoding/json"
	"time"
)

// A Task is a task as JSON tells it. Times are absent as the zero time.
type Task struct {
	TaskID      string          `json:"taskId"`
	Status      string          `json:"status"`
	Progress    int             `json:"progress"`
	Sequence    int64           `json:"sequence,string"`
	CreatedAt   time.Time       `json:"createdAt"`
	UpdatedAt   time.Time       `json:"updatedAt"`
	StartedAt   time.Time       `json:"startedAt"`
	CompletedAt time.Time       `json:"completedAt"`
	FailedAt    time.Time       `json:"failedAt"`
	CanceledAt  time.Time       `json:"canceledAt"`
	Error       string          `json:"error"`
	Metadata    json.RawMessage `json:"metadata"`
	Result      json.RawMessage `json:"result"`
}

// An Event is one entry of a history.
type Event struct {
	ID        int64     `json:"id,string"`
	EventType string    `json:"eventType"`
	Kind      string    `json:"kind"`
	Message   string    `json:"message"`
	Progress  *int      `json:"progress"`
	Timestamp time.Time `json:"timestamp"`
}

// An Answer is what a mutation answers with.
type Answer struct {
	Task   Task    `json:"task"`
	Event  *Event  `json:"event"`
	Events []Event `json:"events"`
}

// A Message is one message of a watch; exactly one of the pointers is set.
type Message struct {
	Cursor    string    `json:"cursor"`
	Sequence  int64     `json:"sequence,string"`
	Snapshot  *Snapshot `json:"snapshot"`
	Event     *Shown    `json:"event"`
	Current   *struct{} `json:"current"`
	Heartbeat *struct{} `json:"heartbeat"`
	Reset     *Why      `json:"reset"`
	Removed   *Why      `json:"removed"`
	End       *Why      `json:"end"`
}

// A Snapshot is a whole task with its newest events, oldest first.
type Snapshot struct {
	Task               Task    `json:"task"`
	Events             []Event `json:"events"`
	HistoryUnavailable bool    `json:"historyUnavailable"`
}

// Shown is an event and the task after it.
type Shown struct {
	Event Event `json:"event"`
	Task  Task  `json:"task"`
}

// Why is the reason of a reset, a removal or an end.
type Why struct {
	Reason string `json:"reason"`
}
