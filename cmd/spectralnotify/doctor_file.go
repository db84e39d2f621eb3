package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// forDoctor says what to do instead of a doctor's work while a server runs.
func (e *heldError) forDoctor() error {
	who := "another process"
	if pid := e.Holder.PID; pid != 0 {
		who = fmt.Sprintf("process %d", pid)
	}
	return fmt.Errorf("%s is in use by %s, and doctor looks at what rests: stop that one and run doctor again; "+
		"while it runs, /readyz and its log say what is wrong", shown(string(e.Dir)), who)
}

// otherDay is a disagreement of a file and the ledger, each of which is whole.
func otherDay(format string, args ...any) error { return &disagreement{fmt.Sprintf(format, args...)} }

type disagreement struct{ text string }

func (d *disagreement) Error() string { return d.text }

// askForFile says what to do about an object's file.
func (d *doctor) askForFile(err error, generation int64) string {
	var differ *disagreement
	old := d.retiredOf(generation)
	switch {
	case errors.As(err, &differ):
		return "file and ledger are of different days: restore both from one backup; until then the file is left alone, and no more than 8 MiB are taken for it"
	case errors.Is(err, journal.ErrDamaged):
		return "it goes on: when a server next uses the file it puts it into " + d.dir.Quarantine() + ", where the sqlite3 shell may read what is left; a backup may have more"
	case len(old) > 0:
		return "it goes on without them: what is left of its old file is " + strings.Join(old, ", ") + ", for the sqlite3 shell; a backup may have more"
	}
	return "it goes on without the history that only the file had; a backup may have it"
}

// examineFilesAlone looks at files whose ledger cannot be opened.
func (d *doctor) examineFilesAlone(ctx context.Context) error {
	classes, err := newClasses(place{dir: d.dir, epoch: func() string { return "" }})
	if err != nil {
		return errors.Join(err, classes.closeFiles())
	}
	d.note("without the ledger it is not known what there is; each file is looked at by itself")
	var errs []error
	for _, of := range classes.all() {
		errs = append(errs, of.files().Generations(ctx, func(generation int64) error {
			d.files++
			_, err := of.files().Check(ctx, generation)
			if err != nil && ctx.Err() == nil {
				d.find(of.files().Path(generation)+": "+plain(err), "keep it: the sqlite3 shell may read what is left")
			}
			return ctx.Err()
		}))
	}
	return errors.Join(errors.Join(errs...), classes.closeFiles())
}

// A retired file is one in quarantine.
type retired struct {
	path       string
	generation int64 // that it was of
}

var retiredName = regexp.MustCompile(`^(?:\d+-)?[a-z]+-(\d+)\.db(?:-journal)?$`)

// lookIntoQuarantine returns what is there.
func lookIntoQuarantine(dir datadir.Dir) ([]retired, error) {
	names, err := os.ReadDir(dir.Quarantine())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look into quarantine: %w", err)
	}
	var all []retired
	for _, name := range names {
		r := retired{path: filepath.Join(dir.Quarantine(), name.Name())}
		if m := retiredName.FindStringSubmatch(name.Name()); m != nil {
			if n, err := strconv.ParseInt(m[1], 10, 64); err == nil {
				r.generation = n
			}
		}
		all = append(all, r)
	}
	return all, nil
}

func (d *doctor) hasRetired(generation int64) bool { return len(d.retiredOf(generation)) > 0 }

// retiredOf returns the databases in quarantine that were of a generation.
func (d *doctor) retiredOf(generation int64) (paths []string) {
	for _, r := range d.old {
		if r.generation == generation && !strings.HasSuffix(r.path, "-journal") {
			paths = append(paths, r.path)
		}
	}
	return paths
}

// noteQuarantine names what was set aside earlier.
func (d *doctor) noteQuarantine() {
	for _, r := range d.old {
		of, known := d.owners[r.generation]
		if !known {
			of = "what is not there any more"
		}
		d.note("%s: set aside earlier, of %s; nothing uses it, and you may remove it", r.path, of)
	}
}
