package main

import (
	"os"
	"runtime/debug"
)

// How much memory is traded for time. The heap of a quiet server is a few MB, and
// collecting it each time it has doubled costs a tenth of the calls; that of a
// server with ten thousand watchers is a hundred, and half as much again is
// plenty. So the collector is shown a heap that is larger than it is: by memory
// that is never touched, and so takes none.
const (
	gcPercent = 50
	untouched = 40 << 20
)

var ballast []byte

// tuneMemory sets that up, unless the operator chose by GOGC.
func tuneMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		ballast = make([]byte, untouched)
		debug.SetGCPercent(gcPercent)
	}
}
