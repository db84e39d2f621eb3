package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

type doctorCmd struct {
	Rebuild bool `help:"Make a new ledger of the objects' files, if the ledger is lost or damaged. It says what it cannot bring back."`
	dataFlags
}

// Help is what --help adds.
func (c *doctorCmd) Help() string {
	return "It reads everything and repairs nothing: the ledger, each object's file, and that the two agree. " +
		"Exit code 0 if all is well, 1 if something was found. " +
		"With --rebuild it puts a damaged ledger into quarantine and makes a new one: the last resort, if there is no backup."
}

func (c *doctorCmd) Run(ctx context.Context, con *console) error {
	dir := datadir.Dir(c.DataDir)
	if !dir.Exists() {
		return noDataDir(dir)
	}
	lock, err := hold(dir)
	var held *heldError
	if errors.As(err, &held) {
		return held.forDoctor()
	}
	if err != nil {
		return err
	}
	d := &doctor{dir: dir, out: con.out, objects: map[string]int{}, owners: map[int64]string{}}
	if c.Rebuild {
		return errors.Join(d.rebuild(ctx), lock.Close())
	}
	if err := errors.Join(d.examine(ctx), lock.Close()); err != nil {
		return err
	}
	return d.verdict()
}

// A doctor examines a data directory and prints what it finds.
type doctor struct {
	dir      datadir.Dir
	out      io.Writer
	ledger   *ledger.Ledger
	classes  classes
	objects  map[string]int   // :: class -> how many
	old      []retired        // what is in quarantine
	owners   map[int64]string // :: generation of one of those → whose it is
	files    int
	findings int
}

// find prints one finding: what is wrong, and what to do; "" if that comes with
// a later one.
func (d *doctor) find(what, todo string) {
	d.findings++
	fmt.Fprintln(d.out, oneLine(what))
	if todo != "" {
		fmt.Fprintf(d.out, "    %s\n", todo)
	}
}

// note prints what the operator may want to know, but is no finding.
func (d *doctor) note(format string, args ...any) {
	fmt.Fprintf(d.out, format+"\n", args...)
}

func (d *doctor) verdict() error {
	if d.findings > 0 {
		d.note("%s in %s and %s", count(int64(d.findings), "finding"), d.seen(), count(int64(d.files), "file"))
		return errQuiet
	}
	d.note("all is well: %s, %s", d.seen(), count(int64(d.files), "file"))
	return nil
}

// seen says how many objects there are, of each class that has some; else that
// there are no tasks.
func (d *doctor) seen() string {
	var all []string
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(d.objects))) {
		all = append(all, count(int64(d.objects[name]), name))
	}
	if len(all) == 0 {
		return count(0, "task")
	}
	return strings.Join(all, ", ")
}

// examine looks at everything. Its error is that of a doctor who cannot work;
// what is wrong with the patient is found.
func (d *doctor) examine(ctx context.Context) (err error) {
	if d.old, err = lookIntoQuarantine(d.dir); err != nil {
		return err
	}
	if ok, err := d.examineLedger(ctx); err != nil || !ok {
		return errors.Join(err, d.examineFilesAlone(ctx))
	}
	defer func() { err = errors.Join(err, d.ledger.Close()) }()
	defer func() { err = errors.Join(err, d.classes.closeFiles()) }()
	if d.classes, err = newClasses(place{dir: d.dir, epoch: d.ledger.Epoch}); err != nil {
		return err
	}
	for _, c := range d.classes.all() {
		for _, examine := range []func(context.Context, class) error{d.examineObjects, d.lookForOrphans, d.lookForRemains} {
			if err := examine(ctx, c); errors.Is(err, journal.ErrDamaged) {
				d.find(err.Error(), askForLedger)
			} else if err != nil {
				return err
			}
		}
	}
	d.noteQuarantine()
	return nil
}

const askForLedger = "do not start a server on it: keep a copy of the whole directory, then restore a backup, or make a new ledger of the files with --rebuild"

// examineLedger opens the ledger; false if that is not possible.
func (d *doctor) examineLedger(ctx context.Context) (ok bool, err error) {
	if !d.dir.HasLedger() {
		d.find("ledger: "+d.dir.Ledger()+" is missing", askForLedger)
		return false, nil
	}
	findings, err := ledger.Check(ctx, d.dir.Ledger())
	if err != nil {
		return false, err
	}
	for i, f := range findings {
		todo := ""
		if i == len(findings)-1 {
			todo = askForLedger
		}
		d.find(fmt.Sprintf("ledger: %s: %s", f.Where, f.What), todo)
	}
	d.ledger, err = ledger.New(ledger.Config{Dir: string(d.dir), Now: microNow, Monotonic: microUptime})
	if errors.Is(err, journal.ErrDamaged) {
		if len(findings) == 0 {
			d.find(err.Error(), askForLedger)
		}
		return false, nil
	}
	return err == nil, err
}

// examineObjects looks at each object of a class: its row, what the journal holds
// of it, and its file.
func (d *doctor) examineObjects(ctx context.Context, of class) error {
	query := journal.Query{Class: of.Name(), Limit: 1000}
	for {
		page, err := d.ledger.List(ctx, query)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if err := d.examineObject(ctx, of, row.Row.Key); err != nil {
				return err
			}
		}
		if query.Before = page.Next; page.Next == 0 {
			return nil
		}
	}
}

func (d *doctor) examineObject(ctx context.Context, of class, key journal.Key) error {
	d.objects[key.Class]++
	object, err := d.ledger.Load(ctx, key)
	if d.hasRetired(object.Row.Generation) {
		d.owners[object.Row.Generation] = fmt.Sprintf("%s %q", key.Class, key.ID)
	}
	if errors.Is(err, journal.ErrDamaged) {
		d.find(fmt.Sprintf("%s %q: %v", key.Class, key.ID, err), askForLedger)
		return nil
	}
	if err != nil {
		return err
	}
	if err := of.readable(object); err != nil {
		d.find(fmt.Sprintf("%s %q: its row cannot be read: %v", key.Class, key.ID, err), askForLedger)
	}
	if len(object.Pending) > 0 && object.Pending[0].Sequence == 1 {
		return nil // no file yet, or one that will be written anew
	}
	return d.examineFile(ctx, of, object)
}

// examineFile looks at an object's file, and that it goes on in the journal.
func (d *doctor) examineFile(ctx context.Context, of class, object journal.Loaded) error {
	d.files++
	file, err := of.files().Check(ctx, object.Row.Generation)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = agrees(file, object)
	}
	if err != nil {
		d.find(fmt.Sprintf("%s %q: %s: %s", object.Row.Class, object.Row.ID, of.files().Path(object.Row.Generation), plain(err)), d.askForFile(err, object.Row.Generation))
	}
	return nil
}

// plain says what is wrong with a file, without what was said before.
func plain(err error) string {
	switch {
	case errors.Is(err, journal.ErrNotFound):
		return "the file is missing"
	case errors.Is(err, journal.ErrDamaged):
		_, detail, _ := strings.Cut(err.Error(), journal.ErrDamaged.Error()+": ")
		return "the file is not what was written: " + detail
	}
	return err.Error()
}

// agrees sees that a file and what the ledger knows of its object are one history.
func agrees(file store.Checked, object journal.Loaded) error {
	row, pending := object.Row, object.Pending
	first := row.Sequence + 1 // what the file need not have
	if len(pending) > 0 {
		first = pending[0].Sequence
	}
	switch {
	case file.Sequence > row.Sequence:
		return otherDay("it has %s, the ledger knows of %d: the ledger is older than the file", count(file.Sequence, "event"), row.Sequence)
	case file.Sequence < first-1:
		return fmt.Errorf("events %d to %d are in neither the file nor the journal", file.Sequence+1, first-1)
	case file.LSN > row.LSN:
		return otherDay("its last commit is number %d, the ledger's is %d", file.LSN, row.LSN)
	}
	if err := chained(file, row, pending); err != nil {
		return err
	}
	if file.First > 1 {
		return fmt.Errorf("it begins with event %d, so %s before are lost", file.First, count(file.First-1, "event"))
	}
	return nil
}

// chained sees that the hashes go on from the file to the journal.
func chained(file store.Checked, row journal.Row, pending []journal.Entry) error {
	differs := otherDay("event %d is another one in the ledger", file.Sequence)
	switch at := int(file.Sequence - row.Sequence + int64(len(pending))); {
	case at == 0 && len(pending) == 0:
		if file.Hash != row.Hash {
			return differs
		}
	case at == 0:
		if journal.Hash(file.Hash, pending[0].Data) != pending[0].Hash {
			return differs
		}
	case pending[at-1].Hash != file.Hash:
		return differs
	}
	return nil
}

// lookForOrphans looks for files that no object owns.
func (d *doctor) lookForOrphans(ctx context.Context, of class) error {
	return of.files().Generations(ctx, func(generation int64) error {
		owned, err := d.ledger.Owned(ctx, of.Name(), generation, generation+1)
		if err != nil || owned[generation] {
			return err
		}
		d.files++
		d.find(of.files().Path(generation)+": no "+of.Name()+" owns this file",
			"the next start of the server moves it to "+d.dir.Quarantine())
		return nil
	})
}

// lookForRemains notes files of deleted objects.
func (d *doctor) lookForRemains(ctx context.Context, of class) error {
	dead, err := d.ledger.Unfinished(ctx, of.Name())
	if len(dead) > 0 {
		d.note("%s of deleted %ss are still to be removed: the next start of the server does it", count(int64(len(dead)), "file"), of.Name())
	}
	return err
}
