package main

import (
	"os"
	"runtime"
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

// tuneMemory sets that up, unless the operator chose by GOGC. It holds until
// release is called.
func tuneMemory() (release func()) {
	if _, set := os.LookupEnv("GOGC"); set {
		return func() {}
	}
	ballast := make([]byte, untouched)
	debug.SetGCPercent(gcPercent)
	return func() { runtime.KeepAlive(ballast) }
}
