package backup_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

var (
	crashes = flag.Int("crashes", 100, "power cuts of each case of the power tests; never fewer than one at each operation")
	seed    = flag.Uint64("seed", 1, "where the random choices of the power tests begin")
)

// A trial is some work on a disk whose power failed at one operation.
type trial struct {
	disk  *powerfail.Disk
	ops   int  // of the work
	ended bool // before that operation
	want  map[string]truth
}

// cutEverywhere tries some work with a cut at each operation, from the last to
// the first, and again with other modes of a cut until there were enough, and
// checks what is left. What was answered for must survive every mode.
func cutEverywhere(try func(at int) (trial, error), check func(*powerfail.Disk, trial) error) (cuts int, err error) {
	const never = 1 << 30
	r := rand.New(rand.NewPCG(*seed, 5))
	for pass := 0; pass == 0 || cuts < *crashes; pass++ {
		for at := never; at > 0; at-- {
			w, err := try(at)
			if err != nil {
				return cuts, err
			}
			for _, mode := range modes(w, at+pass) {
				cuts++
				after := w.disk.Crash(mode, r)
				if err := check(after, w); err != nil {
					return cuts, fmt.Errorf("seed %d, cut at operation %d (%s), %v: %w", *seed, at, w.disk.Hit(), mode, err)
				}
				after.Close()
			}
			w.disk.Close()
			if at == never {
				at = w.ops + 1
			}
		}
	}
	return cuts, nil
}

// modes returns which cuts to try: all of them after the end, and many where the
// names of a directory are not durable yet, since each may survive or not.
func modes(w trial, n int) (some []powerfail.Mode) {
	synced, _ := strings.CutPrefix(w.disk.Hit(), "sync ")
	_, err := w.disk.ReadDir(synced)
	rounds := 0
	switch {
	case w.ended:
		rounds = 1
	case err == nil:
		rounds = 3
	default:
		return []powerfail.Mode{powerfail.Mode(n % int(powerfail.NumModes))}
	}
	for range rounds {
		for m := range powerfail.NumModes {
			some = append(some, m)
		}
	}
	return some
}

// A small house: tasks that only the journal has, that only files have, that
// both have, and one that was deleted.
func furnish(h *house) {
	h.must(create("home"), progress("home", 1), progress("home", 2), create("gone"), create("both"), create("ended"), complete("ended"))
	h.flush()
	h.must(remove("gone"), progress("both", 3), create("away"), progress("away", 4))
}

// A power cut in a restore leaves what is refused, or all of it, or nothing.
func TestARestoreThatIsCutIsWholeOrRefused(t *testing.T) {
	cuts, err := cutRestores(t, func(d *powerfail.Disk, tgt *backup.Target) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d power cuts", cuts)
}

func TestEachSafetyOfARestoreIsNeeded(t *testing.T) {
	for name, mutate := range map[string]func(*powerfail.Disk, *backup.Target){
		"names are not synced":             func(d *powerfail.Disk, tgt *backup.Target) { tgt.Disk = noDirSync{d} },
		"files are not synced":             func(d *powerfail.Disk, tgt *backup.Target) { tgt.Disk = noFileSync{d} },
		"the mark goes before the rest is": func(d *powerfail.Disk, tgt *backup.Target) { tgt.Disk = noMark{d} },
	} {
		t.Run(name, func(t *testing.T) {
			cuts, err := cutRestores(t, mutate)
			if err == nil {
				t.Fatalf("%d cuts do not show that this safety is missing", cuts)
			}
			t.Logf("caught after %d cuts: %v", cuts, err)
		})
	}
}

type noDirSync struct{ *powerfail.Disk }

func (noDirSync) SyncDir(string) error { return nil }

type noFileSync struct{ *powerfail.Disk }

func (d noFileSync) Create(name string) (powerfail.File, error) {
	f, err := d.Disk.Create(name)
	return lazyFile{f}, err
}

type lazyFile struct{ powerfail.File }

func (lazyFile) Sync() error { return nil }

// noMark makes no mark.
type noMark struct{ *powerfail.Disk }

func (d noMark) Create(name string) (powerfail.File, error) {
	if filepath.Base(name) == "RESTORING" {
		return d.Disk.Create("/unmarked")
	}
	return d.Disk.Create(name)
}

func (d noMark) Remove(name string) error {
	if filepath.Base(name) == "RESTORING" {
		name = "/unmarked"
	}
	return d.Disk.Remove(name)
}

// cutRestores cuts the power at every operation of a restore, and looks at what
// each mode of a cut leaves.
func cutRestores(t *testing.T, mutate func(*powerfail.Disk, *backup.Target)) (cuts int, err error) {
	h := mustOpen(t, t.TempDir(), true)
	furnish(h)
	from := filepath.Join(t.TempDir(), "b")
	m, err := h.take(from)
	if err != nil {
		return 0, err
	}
	want := h.record.at(t, m.LSN)
	return cutEverywhere(func(at int) (trial, error) {
		d := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir()})
		tgt := target("/data", d)
		mutate(d, &tgt)
		d.Fail(powerfail.PowerOff, at)
		_, failed := backup.Restore(context.Background(), from, tgt)
		return trial{d, d.Ops(), failed == nil, want}, nil
	}, func(after *powerfail.Disk, w trial) error { return restored(t, after, w) })
}

// restored looks at a data directory after a cut: it is marked, or whole, or, if
// the restore did not end, empty.
func restored(t *testing.T, d *powerfail.Disk, w trial) error {
	dir := datadir.Dir("/data")
	marked, err := d.Exists(dir.Restoring())
	if err != nil {
		return err
	}
	if marked && !w.ended {
		return nil // refused
	}
	if len(d.Files()) == 0 && !w.ended {
		return nil // it never began
	}
	if marked { // the mark came back: refused, too, but the restore said that it had ended
		return errors.New("the restore ended, and is marked as unfinished")
	}
	h, err := openHouse(t, "/data", d, true)
	if err != nil {
		return err
	}
	defer h.close()
	return h.settled(w.want)
}

// A power cut in a backup leaves a whole one, or what restore refuses; one that
// was answered for is whole.
func TestABackupThatIsCutIsWholeOrRefused(t *testing.T) {
	cuts, err := cutBackups(t, func(d *powerfail.Disk, src *backup.Source) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d power cuts", cuts)
}

func TestEachSafetyOfABackupIsNeeded(t *testing.T) {
	for name, mutate := range map[string]func(*powerfail.Disk, *backup.Source){
		"names are not synced":     func(d *powerfail.Disk, src *backup.Source) { src.Disk = noDirSync{d} },
		"files are not synced":     func(d *powerfail.Disk, src *backup.Source) { src.Disk = noFileSync{d} },
		"the ledger is not synced": nil,
		"the manifest comes early": func(d *powerfail.Disk, src *backup.Source) { src.Disk = &earlyManifest{Disk: d} },
	} {
		t.Run(name, func(t *testing.T) {
			cuts, err := cutBackups(t, mutate)
			if err == nil {
				t.Fatalf("%d cuts do not show that this safety is missing", cuts)
			}
			t.Logf("caught after %d cuts: %v", cuts, err)
		})
	}
}

// earlyManifest makes the manifest durable as soon as there is a directory.
type earlyManifest struct{ *powerfail.Disk }

func (d *earlyManifest) Mkdir(name string) error {
	err := d.Disk.Mkdir(name)
	if err != nil || filepath.Base(name) != "b" {
		return err
	}
	f, err := d.Disk.Create(name + "/backup.json")
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(`{"format":1,"objects":4}`))
	return errors.Join(err, f.Sync(), d.Disk.SyncDir(name), d.Disk.SyncDir(filepath.Dir(name)))
}

func (d *earlyManifest) Create(name string) (powerfail.File, error) {
	if strings.HasSuffix(name, "/backup.json") {
		return d.Disk.Create(name + ".late")
	}
	return d.Disk.Create(name)
}

// cutBackups cuts the power at every operation of a backup.
func cutBackups(t *testing.T, mutate func(*powerfail.Disk, *backup.Source)) (cuts int, err error) {
	cfg := powerfail.Config{Dirs: []string{"/data", "/backups"}, ShmDir: t.TempDir()}
	if mutate == nil {
		mutate = func(*powerfail.Disk, *backup.Source) {}
		cfg.Lies = func(name string) bool { return strings.HasSuffix(name, "ledger-copy.db") }
	}
	return cutEverywhere(func(at int) (trial, error) {
		d := powerfail.New(cfg)
		h, err := openHouse(t, "/data", d, true)
		if err != nil {
			return trial{}, err
		}
		furnish(h)
		want := h.record.at(t, h.ledger.LSN())
		src := backup.Source{DataDir: "/data", Ledger: h.ledger, Hosts: map[string]backup.Host{"task": h.host}, Now: time.Now, Disk: d, VFS: d.VFS()}
		mutate(d, &src)
		before := d.Ops()
		d.Fail(powerfail.PowerOff, at)
		_, failed := backup.Take(context.Background(), "/backups/b", src)
		ops := d.Ops() - before
		h.close()
		return trial{d, ops, failed == nil, want}, nil
	}, func(after *powerfail.Disk, w trial) error { return taken(t, after, w) })
}

// taken looks at a backup after a cut.
func taken(t *testing.T, d *powerfail.Disk, w trial) error {
	from := filepath.Join(t.TempDir(), "b")
	for _, name := range d.Files() {
		rel, ok := strings.CutPrefix(name, "/backups/b/")
		if !ok {
			continue
		}
		content, err := d.ReadFile(name)
		if err != nil {
			return err
		}
		to := filepath.Join(from, rel)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, content, 0o600)); err != nil {
			return err
		}
	}
	to := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir()})
	defer to.Close()
	_, err := backup.Restore(context.Background(), from, target("/data", to))
	if errors.Is(err, backup.ErrUnfinished) && !w.ended {
		return nil
	}
	if err != nil {
		return err
	}
	h, err := openHouse(t, "/data", to, true)
	if err != nil {
		return err
	}
	defer h.close()
	return h.settled(w.want)
}
