package task

import "testing"

func TestETA(t *testing.T) {
	const s = second
	for name, c := range map[string]struct {
		task Task
		want int64 // 0 for none
	}{
		"half done after ten seconds is done after ten more":  {Task{Status: InProgress, StartedAt: 5 * s, UpdatedAt: 15 * s, Progress: 50}, 25 * s},
		"the rate is measured from the progress at the start": {Task{Status: InProgress, StartedAt: 5 * s, UpdatedAt: 15 * s, StartProgress: 40, Progress: 50}, 65 * s},
		"one percent point in one second is enough":           {Task{Status: InProgress, StartedAt: s, UpdatedAt: 2 * s, Progress: 1}, 101 * s},
		"less than a second says nothing":                     {Task{Status: InProgress, StartedAt: s, UpdatedAt: 2*s - 1, Progress: 50}, 0},
		"less than a percent point says nothing":              {Task{Status: InProgress, StartedAt: s, UpdatedAt: 90 * s, StartProgress: 50, Progress: 50}, 0},
		"going down says nothing":                             {Task{Status: InProgress, StartedAt: s, UpdatedAt: 90 * s, StartProgress: 50, Progress: 40}, 0},
		"at 100 % there is nothing to wait for":               {Task{Status: InProgress, StartedAt: s, UpdatedAt: 90 * s, Progress: 100}, 0},
		"a pending task has none":                             {Task{Status: Pending, UpdatedAt: 90 * s, Progress: 50}, 0},
		"an ended task has none":                              {Task{Status: Failed, StartedAt: s, UpdatedAt: 90 * s, Progress: 50}, 0},
		"a hundred years is too far":                          {Task{Status: InProgress, StartedAt: s, UpdatedAt: 10 * 365 * 86400 * s, Progress: 5}, 0},
		"a clock that was centuries off does not overflow":    {Task{Status: InProgress, StartedAt: s, UpdatedAt: 1 << 62, Progress: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			at, ok := ETA(c.task)
			if at != c.want || ok != (c.want != 0) {
				t.Errorf("got %d, %v; want %d", at, ok, c.want)
			}
		})
	}
}
