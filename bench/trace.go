package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// traced is what strace has counted.
type traced struct {
	calls int // that were answered meanwhile
	syncs int // fsync and fdatasync
}

func canTrace() bool {
	_, err := exec.LookPath("strace")
	return err == nil
}

// traceCommand runs a program so that only what makes data durable is stopped
// and counted; the rest runs at full speed.
func traceCommand(log string) []string {
	return []string{"strace", "-f", "--seccomp-bpf", "-c", "-o", log, "-e", "trace=fsync,fdatasync,sync_file_range"}
}

// syncLine is a line of the summary: % time, seconds, usecs/call, calls, errors,
// name.
var syncLine = regexp.MustCompile(`(?m)^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(?:fsync|fdatasync)$`)

func readTrace(log string, calls int) (traced, error) {
	summary, err := os.ReadFile(log)
	if err != nil {
		return traced{}, fmt.Errorf("read the summary of strace: %w", err)
	}
	t := traced{calls: calls}
	for _, m := range syncLine.FindAllSubmatch(summary, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			return t, fmt.Errorf("summary of strace: %w", err)
		}
		t.syncs += n
	}
	if t.syncs == 0 {
		return t, fmt.Errorf("no fsync at all in %d durable calls", calls)
	}
	return t, nil
}
