package powertest

import (
	"context"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

// A mutant is a house that lacks a safety. The zero value lacks none. Those that
// take a line of source are in test/mutant.
type mutant struct {
	lies         func(name string) bool // the disk does not sync these
	noDirSync    bool                   // the names of new files are not synced
	forgetsEarly bool                   // objects are forgotten before they are home
	noReceipts   bool                   // the journal keeps none
}

var mutants = map[string]mutant{
	"the disk lies about the ledger's log":      {lies: func(n string) bool { return strings.HasSuffix(n, "ledger.db-wal") }},
	"the disk lies about the ledger":            {lies: func(n string) bool { return strings.HasSuffix(n, "ledger.db") }},
	"the disk lies about files of tasks":        {lies: func(n string) bool { return strings.Contains(n, "/objects/") && strings.HasSuffix(n, ".db") }},
	"names of new files are not synced":         {noDirSync: true},
	"events are forgotten before they are home": {forgetsEarly: true},
	"a call with a key leaves no receipt":       {noReceipts: true},
}

func (m mutant) disk(d *powerfail.Disk) store.Disk {
	if m.noDirSync {
		return noDirSync{d}
	}
	return d
}

type noDirSync struct{ *powerfail.Disk }

func (noDirSync) SyncDir(string) error { return nil }

func (m mutant) home(s home) home {
	if m.forgetsEarly {
		return lateHome{s}
	}
	return s
}

// lateHome says that objects are home before they are written.
type lateHome struct{ home }

func (l lateHome) Write(ctx context.Context, w work) []error {
	go l.home.Write(ctx, w)
	return make([]error, len(w))
}

func (m mutant) journal(l *ledger.Ledger) object.Journal {
	if m.noReceipts {
		return forgetful{l}
	}
	return l
}

// forgetful keeps no receipts.
type forgetful struct{ *ledger.Ledger }

func (f forgetful) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	for i := range batch {
		batch[i].Receipt = nil
	}
	return f.Ledger.Commit(ctx, batch)
}
