package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A report is what no row of the table can tell; it prints lines of its own.
type report struct {
	name string
	what string
	run  func(context.Context, options) error
}

var reports = []report{
	{"heap", "Go heap of a live task with 10 updates and no watcher, in this process", heap},
	{"watchers", "many watchers of one task over multiplexed HTTP/2: memory and delivery", watchers},
	{"history", "latency of a task as its history grows to 50,000 events", history},
	{"million", "many tasks of 12 events: listing, new and old tasks, start, disk; takes 15 minutes and runs only if named", million},
}

// pss is the memory of a process, in bytes: what it shares counts by its share. It
// is 0 where the system does not tell.
func pss(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
