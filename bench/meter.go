package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A meter keeps the times of one client's calls.
type meter struct{ times []time.Duration }

func (m *meter) record(d time.Duration) { m.times = append(m.times, d) }

func merge(meters []meter) []time.Duration {
	var all []time.Duration
	for _, m := range meters {
		all = append(all, m.times...)
	}
	slices.Sort(all)
	return all
}

// percentile returns the time that p percent of the calls did not exceed.
func percentile(times []time.Duration, p int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	return times[min(len(times)-1, len(times)*p/100)]
}

// A size is how large a data directory is.
type size struct {
	ledger int64 // bytes of ledger.db and its WAL
	files  int   // task files
	home   int64 // bytes in them
}

func sizeOf(dir string) size {
	var s size
	// A file that goes away meanwhile is no fault.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		switch rel, _ := filepath.Rel(dir, path); {
		case strings.HasPrefix(rel, "ledger.db"):
			s.ledger += info.Size()
		case strings.HasPrefix(rel, "objects") && strings.HasSuffix(rel, ".db"):
			s.files++
			s.home += info.Size()
		}
		return nil
	})
	return s
}

// use is what a process has used so far; zero where the system does not tell.
type use struct {
	cpu     time.Duration
	written int64
}

// clockTick is the unit of /proc/PID/stat.
const clockTick = 10 * time.Millisecond

func processUse(pid int) use {
	var u use
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if stat, err := os.ReadFile(filepath.Join(proc, "stat")); err == nil {
		// The name in parentheses may hold spaces.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		const utime, stime = 11, 12
		for _, i := range []int{utime, stime} {
			n, _ := strconv.Atoi(fields[i])
			u.cpu += time.Duration(n) * clockTick
		}
	}
	if io, err := os.ReadFile(filepath.Join(proc, "io")); err == nil {
		for line := range strings.Lines(string(io)) {
			if n, ok := strings.CutPrefix(line, "write_bytes: "); ok {
				u.written, _ = strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			}
		}
	}
	return u
}
