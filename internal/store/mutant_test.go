package store

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// A mutant is a program that lacks a safety. The zero value lacks none.
type mutant struct {
	shownBy      string                     // the action that shows it; "" is that random histories do
	journalMode  string                     // of changes in place
	lies         func(name string) bool     // the disk does not sync these
	disk         func(*powerfail.Disk) Disk // the store's file operations
	naive        bool                       // a failed sync of a directory is tried again
	trustsBegun  bool                       // a file that was begun anew is added to, durable or not
	trustsFiles  bool                       // a file that exists is added to, whoever made it
	firstAgain   bool                       // a file is made anew though this process made it, while the journal forgets
	forgetsEarly bool                       // the journal forgets before the file is home
	writes       func(*taskStore, []taskHomecoming) []error
}

var mutants = map[string]mutant{
	"journal_mode=DELETE":                {journalMode: "delete"},
	"files are not synced":               {disk: func(d *powerfail.Disk) Disk { return noFileSync{d} }},
	"directories are not synced":         {disk: func(d *powerfail.Disk) Disk { return noDirSync{d} }},
	"a directory that exists is trusted": {disk: func(d *powerfail.Disk) Disk { return &trustsDirs{Disk: d} }},
	"a file that exists is trusted":      {shownBy: "create beside another", trustsFiles: true},
	"made anew while it is forgotten":    {firstAgain: true},
	"forgotten before it is home":        {forgetsEarly: true},
	"renamed over the file":              {writes: renameOver},
	"nothing written if all is there":    {shownBy: "change", writes: skipQuietly},
	"the old journal stays":              {shownBy: "create over a change that was cut", disk: func(d *powerfail.Disk) Disk { return keepsJournals{d} }},
	"a failed sync is tried again":       {shownBy: "create beside another", naive: true},
	"a file begun anew is trusted":       {shownBy: "begin anew what is damaged", trustsBegun: true},
	"the disk lies about databases":      {lies: func(name string) bool { return strings.HasSuffix(name, ".db") }},
}

func (m mutant) on(d *powerfail.Disk) Disk {
	if m.disk != nil {
		return m.disk(d)
	}
	return d
}

func (m mutant) write(s *taskStore, work []taskHomecoming) []error {
	if m.writes != nil {
		return m.writes(s, work)
	}
	return s.Write(context.Background(), work)
}

type noDirSync struct{ *powerfail.Disk }

func (noDirSync) SyncDir(string) error { return nil }

type noFileSync struct{ *powerfail.Disk }

func (d noFileSync) Create(name string) (File, error) {
	f, err := d.Disk.Create(name)
	return lazyFile{f}, err
}

type lazyFile struct{ File }

func (lazyFile) Sync() error { return nil }

// trustsDirs syncs the parent of a directory only if it has just made that.
type trustsDirs struct {
	*powerfail.Disk
	made string
}

func (d *trustsDirs) Mkdir(name string) error {
	err := d.Disk.Mkdir(name)
	if err == nil {
		d.made = name
	}
	return err
}

func (d *trustsDirs) SyncDir(name string) error {
	if strings.Count(name, "/") < 4 && path.Dir(d.made) != name { // not /data/objects/task/N
		return nil
	}
	return d.Disk.SyncDir(name)
}

// keepsJournals does not remove the journal of a file that is made anew.
type keepsJournals struct{ *powerfail.Disk }

func (d keepsJournals) Remove(name string) error {
	if strings.HasSuffix(name, "-journal") {
		return nil
	}
	return d.Disk.Remove(name)
}

// renameOver replaces a file by a new one instead of changing it.
func renameOver(s *taskStore, work []taskHomecoming) []error {
	errs := make([]error, len(work))
	for i := range work {
		if work[i].First {
			errs[i] = s.Write(context.Background(), work[i:i+1])[0]
		} else {
			errs[i] = replace(s, work[i])
		}
	}
	return errs
}

func replace(s *taskStore, w taskHomecoming) error {
	file := s.Path(w.Row.Generation)
	old, err := s.History(context.Background(), w.Row.Generation, all)
	if err != nil {
		return err
	}
	w.Records = append(old[:w.Records[0].Sequence-1:w.Records[0].Sequence-1], w.Records...)
	bench, err := s.benches.get()
	if err != nil {
		return err
	}
	image, err := s.build(bench, &w)
	s.benches.put(bench, err)
	if err != nil {
		return err
	}
	temporary := file + ".new"
	_ = s.disk.Remove(temporary)
	f, err := s.disk.Create(temporary)
	if err != nil {
		return err
	}
	if _, err = f.Write(image); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), s.disk.Rename(temporary, file))
}

// skipQuietly writes nothing to a file that shows everything already.
func skipQuietly(s *taskStore, work []taskHomecoming) []error {
	errs := make([]error, len(work))
	for i, w := range work {
		if !w.First {
			got, err := s.History(context.Background(), w.Row.Generation, all)
			if err == nil && int64(len(got)) == w.Row.Sequence {
				continue
			}
		}
		errs[i] = s.Write(context.Background(), work[i:i+1])[0]
	}
	return errs
}
