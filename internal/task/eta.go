package task

const (
	second    = int64(1_000_000)                  // in microseconds
	farthest  = 100 * 365 * 24 * 60 * 60 * second // an ETA later than this says nothing
	complete  = 100                               // percent
	slightest = second                            // shorter than this is no base for a rate
)

// ETA returns when a task will be done if it goes on at its average rate: from
// when it started, and the progress it then had, to its last event and the
// progress it has now.
//
// There is none unless the task is in progress and below 100 %, has gained at
// least one percent point in at least one second, and would be done within a
// hundred years.
func ETA(t Task) (at int64, ok bool) {
	elapsed, gained := t.UpdatedAt-t.StartedAt, int64(t.Progress-t.StartProgress)
	if t.Status != InProgress || t.Progress >= complete || gained < 1 {
		return 0, false
	}
	if elapsed < slightest || elapsed > farthest {
		return 0, false
	}
	left := elapsed * int64(complete-t.Progress) / gained
	if left > farthest {
		return 0, false
	}
	return t.UpdatedAt + left, true
}
