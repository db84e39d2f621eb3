package main

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what is live before it is collected:
// a server's live heap is a few MB, and collecting it as often as the default
// does costs about a tenth of the calls.
const gcPercent = 400

// tuneMemory sets how much memory is traded for time, unless the operator did by
// GOGC.
func tuneMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}
