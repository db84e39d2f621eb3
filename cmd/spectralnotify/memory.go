package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much memory is traded for time. The heap of a quiet server is a few MB, and
// collecting it each time it has doubled costs a tenth of the calls; that of a
// server with ten thousand watchers is a hundred, and half as much again is
// plenty. So the collector is shown a heap that is larger than it is: by memory
// that is never touched, and so takes none. More than this did not save CPU time.
const (
	gcPercent = 50
	untouched = 12 << 20
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

// A server that does nothing for a while gives back the memory that it does not
// use; Go itself keeps about as much as it needed last. It is quiet if it
// allocates less than quietBytes in quietTime.
const (
	quietTime  = 5 * time.Second
	quietBytes = 256 << 10
)

// giveBackMemory does so until release is called.
func giveBackMemory() (release func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		looks := time.NewTicker(quietTime)
		defer looks.Stop()
		r := rest{allocated: allocated()}
		for {
			select {
			case <-looks.C:
				if r.begins(allocated()) {
					debug.FreeOSMemory()
				}
			case <-stop:
				return
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// rest tells when a process has become quiet, from looks at what it allocated.
type rest struct {
	allocated uint64 // bytes ever, at the last look
	quiet     bool   // at the last look
}

// begins reports whether the process is quiet that was not before.
func (r *rest) begins(allocated uint64) bool {
	quiet := allocated-r.allocated < quietBytes
	begins := quiet && !r.quiet
	r.allocated, r.quiet = allocated, quiet
	return begins
}

// allocated is how many bytes this process has ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
