package main

import (
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

// history is a chain of n events, as the journal holds it.
func history(n int64) []journal.Entry {
	var entries []journal.Entry
	hash := int64(0)
	for i := int64(1); i <= n; i++ {
		data := []byte{byte(i)}
		hash = journal.Hash(hash, data)
		entries = append(entries, journal.Entry{Sequence: i, LSN: 10 * i, Hash: hash, Data: data})
	}
	return entries
}

// A file holds the events first to last, the journal those from pending on.
func TestAFileAgreesWithItsLedger(t *testing.T) {
	all := history(9)
	tests := map[string]struct {
		first, last, pending int64
		change               func(*store.Checked, *journal.Loaded)
		fine                 bool
	}{
		"everything is home":                      {first: 1, last: 9, pending: 10, fine: true},
		"the file ends where the journal begins":  {first: 1, last: 5, pending: 6, fine: true},
		"home, and not yet forgotten":             {first: 1, last: 9, pending: 6, fine: true},
		"partly home, and not yet forgotten":      {first: 1, last: 7, pending: 6, fine: true},
		"a gap between file and journal":          {first: 1, last: 4, pending: 6},
		"the file lacks the newest events":        {first: 1, last: 8, pending: 10},
		"the file lacks the oldest events":        {first: 3, last: 9, pending: 10},
		"the file is ahead":                       {first: 1, last: 9, pending: 10, change: func(f *store.Checked, _ *journal.Loaded) { f.Sequence = 10 }},
		"the file's commit is ahead":              {first: 1, last: 9, pending: 10, change: func(f *store.Checked, _ *journal.Loaded) { f.LSN = 91 }},
		"the file's last event is another":        {first: 1, last: 9, pending: 10, change: func(f *store.Checked, _ *journal.Loaded) { f.Hash++ }},
		"the journal does not follow on the file": {first: 1, last: 5, pending: 6, change: func(f *store.Checked, _ *journal.Loaded) { f.Hash++ }},
		"file and journal differ where both have": {first: 1, last: 7, pending: 6, change: func(f *store.Checked, _ *journal.Loaded) { f.Hash++ }},
		"the journal's first event is another":    {first: 1, last: 5, pending: 6, change: func(_ *store.Checked, l *journal.Loaded) { l.Pending[0].Data = []byte("x") }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := store.Checked{First: tt.first, Sequence: tt.last, LSN: 10 * tt.last, Hash: all[tt.last-1].Hash}
			object := journal.Loaded{
				Row:     journal.Row{Sequence: 9, LSN: 90, Hash: all[8].Hash},
				Pending: append([]journal.Entry(nil), all[tt.pending-1:]...),
			}
			if tt.change != nil {
				tt.change(&file, &object)
			}
			if err := agrees(file, object); (err == nil) != tt.fine {
				t.Errorf("found %v", err)
			}
		})
	}
}
