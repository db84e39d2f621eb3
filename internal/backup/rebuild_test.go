package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// loseLedger removes the files of a ledger.
func loseLedger(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, ledger.FileName+name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// all are tasks of every sort.
func (h *house) all() {
	h.must(task.Create{ID: "bare"}, create("a"), progress("a", 40), progress("a", 30), create("done"), progress("done", 5), complete("done"),
		task.AddEvents{Target: on("done"), Events: []task.NewEvent{{Message: "a late note"}}},
		create("failed"), task.Fail{Target: on("failed"), Error: "no disk"}, create("canceled"), task.Cancel{Target: on("canceled")},
		task.Create{ID: "begun", Status: task.InProgress, Progress: 20}, create("gone"), remove("gone"), create("gone"), progress("gone", 3))
}

func TestALedgerIsRebuiltOfFiles(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, string){
		"lost":    loseLedger,
		"damaged": func(t *testing.T, dir string) { damage(t, dir) },
	} {
		t.Run(name, func(t *testing.T) {
			h := mustOpen(t, t.TempDir(), true)
			h.all()
			h.flush()
			want, epoch, highest := h.record.at(t, 1<<60), h.ledger.Epoch(), h.ledger.Reserve()
			h.close()
			lose(t, h.dir)
			made, err := backup.Rebuild(t.Context(), target(h.dir, nil))
			if err != nil || made.Objects != int64(len(want)) || len(made.Left) > 0 || made.LostEvents > 0 {
				t.Fatalf("%+v, %v; want %d objects", made, err, len(want))
			}
			if found := len(made.Aside); found > 0 != (name == "damaged") {
				t.Errorf("%d files of the old ledger are kept: %v", found, made.Aside)
			}
			findings, err := ledger.Check(t.Context(), filepath.Join(h.dir, ledger.FileName))
			if err != nil || len(findings) > 0 {
				t.Errorf("the rebuilt ledger: %v, %v", findings, err)
			}
			r := mustOpen(t, h.dir, true)
			if err := r.whole(want); err != nil {
				t.Error(err)
			}
			if r.ledger.Epoch() == epoch || r.ledger.Reserve() < highest+1<<32 {
				t.Errorf("epoch %s as before, or generations go on at %d", r.ledger.Epoch(), r.ledger.Reserve())
			}
			// Life goes on.
			r.must(progress("a", 50), create("new"), remove("done"))
			if err := r.do(progress("failed", 1)); !errors.Is(err, task.ErrTerminal) {
				t.Errorf("a task that had ended goes on: %v", err)
			}
		})
	}
}

// damage spoils the page of the table of objects.
func damage(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, ledger.FileName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(string(content), "canceled")
	if at < 0 {
		t.Fatal("the ledger does not have the task")
	}
	content[at] ^= 1
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What only the ledger had is gone, and told.
func TestARebuildTellsWhatIsLost(t *testing.T) {
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("a"), create("b"), create("c"))
	h.flush()
	atHome := h.record.at(t, 1<<60)
	h.must(progress("a", 1), progress("a", 2), create("never home"), progress("never home", 1), progress("never home", 2))
	h.close()
	content, err := os.ReadFile(h.store.Path(2))
	if err != nil {
		t.Fatal(err)
	}
	content[1500] ^= 1
	older, err := os.ReadFile(h.store.Path(3))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(h.store.Path(2), content, 0o600), os.WriteFile(h.store.Path(7), older, 0o600)); err != nil {
		t.Fatal(err)
	}
	made, err := backup.Rebuild(t.Context(), target(h.dir, nil))
	if err != nil {
		t.Fatal(err)
	}
	if made.Objects != 2 || made.LostEvents != 5 || made.LostOf != 2 || made.Gone != 1 || made.Unread != nil {
		t.Errorf("%+v", made)
	}
	if len(made.Left) != 2 || !strings.HasSuffix(made.Left[0].Path, "7.db") || !strings.Contains(made.Left[0].Why, "file of generation 3") || !strings.HasSuffix(made.Left[1].Path, "2.db") {
		t.Errorf("left: %+v", made.Left)
	}
	delete(atHome, "b")
	if err := mustOpen(t, h.dir, true).whole(atHome); err != nil {
		t.Error(err)
	}
}

// A task that was deleted does not come back because its file is still there,
// as far as the old ledger tells; of two files of one task the newer one counts.
func TestARebuildTakesTheNewestOfATask(t *testing.T) {
	for name, lost := range map[string]bool{"the old ledger tells": false, "there is no old ledger": true} {
		t.Run(name, func(t *testing.T) {
			h := mustOpen(t, t.TempDir(), true)
			release := h.KeepFiles()
			h.must(create("again"), progress("again", 1), create("deleted"))
			h.flush()
			h.must(remove("again"), create("again"), progress("again", 9), remove("deleted"))
			h.flush()
			want := h.record.at(t, 1<<60)
			h.close()
			release()
			if lost {
				loseLedger(t, h.dir)
			}
			made, err := backup.Rebuild(t.Context(), target(h.dir, nil))
			if err != nil {
				t.Fatal(err)
			}
			r := mustOpen(t, h.dir, true)
			if lost { // nothing says that it was deleted
				r.must(remove("deleted"))
			} else if len(made.Left) != 2 {
				t.Errorf("left: %+v", made.Left)
			}
			if err := r.compare(want); err != nil {
				t.Error(err)
			}
		})
	}
}

// The events are chained by their hashes, and tell what came of each; a row that
// says something else is not believed.
func TestARebuildDoesNotBelieveARowAlone(t *testing.T) {
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("a"), progress("a", 40), create("b"))
	h.flush()
	h.close()
	c, err := sqlite.Open(sqlite.Config{Path: h.store.Path(1), MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec("UPDATE task_metadata SET progress = 41"), c.Close()); err != nil {
		t.Fatal(err)
	}
	loseLedger(t, h.dir)
	made, err := backup.Rebuild(t.Context(), target(h.dir, nil))
	if err != nil || made.Objects != 1 || len(made.Left) != 1 || !strings.Contains(made.Left[0].Why, "not what its last event led to") {
		t.Errorf("%+v, %v", made, err)
	}
}

// A file of a newer program ends the rebuild, before anything was changed.
func TestARebuildRefusesFilesOfANewerProgram(t *testing.T) {
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("a"))
	h.flush()
	h.close()
	setVersion(t, h.store.Path(1), 99)
	before, err := os.ReadFile(filepath.Join(h.dir, ledger.FileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = backup.Rebuild(t.Context(), target(h.dir, nil))
	if err == nil || !strings.Contains(err.Error(), "made by a newer spectralnotify: schema 99, this one knows 1") {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(filepath.Join(h.dir, ledger.FileName))
	if err != nil || string(after) != string(before) {
		t.Errorf("the old ledger was changed: %v", err)
	}
}

// A power cut in a rebuild leaves the old ledger, or none, or the new one whole;
// the next rebuild ends what it began.
func TestARebuildThatIsCutIsBegunAnew(t *testing.T) {
	cuts, err := cutRebuilds(t, func(d *powerfail.Disk) backup.Target { return target("/data", d) })
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d power cuts", cuts)
}

func TestEachSafetyOfARebuildIsNeeded(t *testing.T) {
	for name, mutate := range map[string]func(*powerfail.Disk, *backup.Target){
		"names are not synced": func(d *powerfail.Disk, tgt *backup.Target) { tgt.Disk = noDirSync{d} },
	} {
		t.Run(name, func(t *testing.T) {
			cuts, err := cutRebuilds(t, func(d *powerfail.Disk) backup.Target {
				tgt := target("/data", d)
				mutate(d, &tgt)
				return tgt
			})
			if err == nil {
				t.Fatalf("%d cuts do not show that this safety is missing", cuts)
			}
			t.Logf("caught after %d cuts: %v", cuts, err)
		})
	}
}

func cutRebuilds(t *testing.T, of func(*powerfail.Disk) backup.Target) (cuts int, err error) {
	living := powerfail.New(powerfail.Config{Dirs: []string{"/data"}, ShmDir: t.TempDir()})
	defer living.Close()
	h, err := openHouse(t, "/data", living, true)
	if err != nil {
		return 0, err
	}
	furnish(h)
	h.flush()
	want := h.record.at(t, 1<<60)
	killed := living.Crash(powerfail.KeepAll, nil) // with a -wal
	defer killed.Close()
	h.close()
	return cutEverywhere(func(at int) (trial, error) {
		d := killed.Crash(powerfail.KeepAll, nil)
		d.Fail(powerfail.PowerOff, at)
		_, failed := backup.Rebuild(context.Background(), of(d))
		return trial{d, d.Ops(), failed == nil, want}, nil
	}, func(after *powerfail.Disk, w trial) error { return rebuilt(t, after, w) })
}

// rebuilt looks at a data directory after a cut.
func rebuilt(t *testing.T, d *powerfail.Disk, w trial) error {
	there, err := d.Exists(datadir.Dir("/data").Ledger())
	if err != nil {
		return err
	}
	if !there && w.ended {
		return errors.New("the rebuild ended, and there is no ledger")
	}
	if !there { // a server refuses to start; the operator rebuilds again
		if _, err := backup.Rebuild(context.Background(), target("/data", d)); err != nil {
			return fmt.Errorf("rebuild again: %w", err)
		}
	}
	h, err := openHouse(t, "/data", d, true)
	if err != nil {
		return err
	}
	defer h.close()
	return h.settled(w.want)
}
