// Package soak repeats a test of chance for as long as it is told to: one round
// every day, and rounds for hours when somebody has the machine to spare.
package soak

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var duration = flag.Duration("soak", 0, "repeat for so long, each round with a fresh seed; 0 is one round")

// Rounds runs a round with the seed or, under -soak, rounds with fresh seeds
// until the time is over or one has failed. A round prints its seed if it fails.
// The time must end before that of go test, whose -timeout=0 is endless.
func Rounds(t *testing.T, seed uint64, round func(seed uint64)) {
	t.Helper()
	if *duration == 0 {
		round(seed)
		return
	}
	end := time.Now().Add(*duration)
	if late, ok := t.Deadline(); ok && end.After(late) {
		t.Fatalf("-soak %s is longer than go test lets it run; add -timeout=0", *duration)
	}
	rounds := 0
	for ; time.Now().Before(end) && !t.Failed(); rounds++ {
		round(rand.Uint64())
	}
	t.Logf("%d rounds", rounds)
}
