package main

import (
	"log/slog"
	"syscall"
)

// ownFiles is how many files a server may have open beside its connections: the
// ledger with its readers, files of tasks that are read and written, and room to
// open all of it again.
const ownFiles = 160

// connectionsFor returns how many connections a server takes: as many as were
// asked for, 0 for any number, as long as they leave the descriptors that its
// files need.
func connectionsFor(asked int, log *slog.Logger) int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		log.Warn("the limit of open files cannot be read", "error", err)
		return asked
	}
	room := roomFor(files.Cur)
	switch {
	case asked == 0:
		return int(room)
	case uint64(asked) <= room:
		return asked
	}
	log.Warn("the limit of open files is too low for the connections that are allowed; raise it (ulimit -n), or lower --max-connections",
		"open files", files.Cur, "connections wanted", asked, "connections taken", room)
	return int(room)
}

// roomFor returns how many connections a limit of open files leaves room for.
func roomFor(files uint64) uint64 {
	const enough = 1 << 30 // also for a limit that is none
	files = min(files, enough)
	if files < ownFiles {
		return max(files/4, 1)
	}
	return max(files-ownFiles, files/4)
}
