package powerfail

import (
	"errors"
	"strconv"
	"sync/atomic"
)

// A Count is what a test of power cuts went through. The zero value has seen
// nothing. It is safe for concurrent use.
type Count struct {
	crashes, again atomic.Int64
}

// Crash counts a power cut, and says whether the power failed once more while
// what was left recovered.
func (c *Count) Crash(again bool) {
	c.crashes.Add(1)
	if again {
		c.again.Add(1)
	}
}

// Crashes returns how many power cuts there were.
func (c *Count) Crashes() int { return int(c.crashes.Load()) }

// Report notes the count as attributes of a test, for the summary of test/power:
// crashes, again, and whether err, the promise that was broken, is something
// corrupt or something lost.
func (c *Count) Report(t interface{ Attr(key, value string) }, err, corrupt error) {
	attrs := map[string]int64{"crashes": c.crashes.Load(), "again": c.again.Load()}
	switch {
	case errors.Is(err, corrupt):
		attrs["corrupt"] = 1
	case err != nil:
		attrs["lost"] = 1
	}
	for key, n := range attrs {
		t.Attr(key, strconv.FormatInt(n, 10))
	}
}
