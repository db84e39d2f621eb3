package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// storm works on tasks until the result is called, which returns how many calls
// there were: creates, reports, ends and deletes, of ids that come again.
func storm(h *house) (stop func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	var calls [4]int
	for w := range calls {
		working.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(w)))
			for ; ctx.Err() == nil; calls[w]++ {
				id := fmt.Sprintf("w%d-%d", w, r.IntN(20))
				switch r.IntN(12) {
				case 0, 1, 2:
					_ = h.do(create(id)) // it may exist
				case 3:
					_ = h.do(complete(id))
				case 4, 5:
					_ = h.do(remove(id))
				default:
					_ = h.do(progress(id, calls[w]))
				}
			}
		})
	}
	return func() int {
		cancel()
		working.Wait()
		return calls[0] + calls[1] + calls[2] + calls[3]
	}
}

// A backup of a house under load is one moment of it, task by task.
func TestABackupUnderLoadIsOneMomentOfEveryTask(t *testing.T) {
	dir := t.TempDir()
	h := mustOpen(t, t.TempDir(), false)
	for i := range 30 { // something that only files have
		h.must(create(fmt.Sprint("old-", i)), progress(fmt.Sprint("old-", i), i), complete(fmt.Sprint("old-", i)))
	}
	h.flush()
	stop := storm(h)
	made := map[string]backup.Manifest{}
	for i := range 2 {
		name := filepath.Join(dir, fmt.Sprint("backup", i))
		m, err := h.take(name)
		if err != nil {
			t.Fatal(err)
		}
		made[name] = m
	}
	t.Logf("%d calls beside the backups", stop())
	h.flush()
	for name, m := range made {
		want := h.record.at(t, m.LSN)
		if m.Objects != int64(len(want)) || m.Files < 30 {
			t.Errorf("%+v, want %d objects", m, len(want))
		}
		to := t.TempDir()
		again, err := backup.Restore(t.Context(), name, target(to, nil))
		if err != nil || again != m {
			t.Fatalf("restore: %+v, %v; want %+v", again, err, m)
		}
		findings, err := ledger.Check(t.Context(), filepath.Join(to, ledger.FileName))
		if err != nil || len(findings) > 0 {
			t.Errorf("the restored ledger: %v, %v", findings, err)
		}
		if err := mustOpen(t, to, true).whole(want); err != nil {
			t.Errorf("as of %d: %v", m.LSN, err)
		}
	}
	// What was deleted while its file was kept is gone now.
	var live int
	for range h.record.at(t, 1<<60) {
		live++
	}
	h.flush()
	h.close()
	again := mustOpen(t, h.dir, false)
	again.flush()
	again.close()
	files, err := filepath.Glob(filepath.Join(h.dir, "objects/task/*/*.db"))
	if err != nil || len(files) != live {
		t.Errorf("%d files are left of %d tasks, %v", len(files), live, err)
	}
}

// What happens while files are copied is not in the backup: a file that goes on
// is cut, one whose task is deleted is kept until it is copied.
func TestFilesAreCutToTheLedgerTheyBelongTo(t *testing.T) {
	dir := t.TempDir()
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("gone"), create("goes on"), progress("goes on", 5), create("ends"), create("is not home"))
	h.flush()
	h.must(progress("ends", 1), create("new"), progress("is not home", 1))
	m, err := h.takeTelling(dir+"/b", func(p backup.Progress) {
		if p.LedgerBytes < p.LedgerBytesTotal || p.ObjectsTotal > 0 {
			return
		}
		h.must(remove("gone"), create("gone"), remove("new"), complete("ends"), create("later"))
		for i := range 3 { // the one scribe has come past the files that go
			h.must(progress("goes on", i))
			h.flush()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if _, err := backup.Restore(t.Context(), dir+"/b", target(to, nil)); err != nil {
		t.Fatal(err)
	}
	want := h.record.at(t, m.LSN)
	if len(want) != 5 {
		t.Fatalf("the backup is of %d tasks", len(want))
	}
	if err := mustOpen(t, to, true).whole(want); err != nil {
		t.Error(err)
	}
}

// What was there before means nothing to what was restored.
func TestARestoreIsAnotherEpoch(t *testing.T) {
	dir := t.TempDir()
	h := mustOpen(t, t.TempDir(), false)
	h.must(create("a"), create("b"), progress("a", 1))
	before, err := h.Follow(t.Context(), "a", object.Follow{Forever: true})
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	m, err := before.Next(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.take(dir + "/b"); err != nil {
		t.Fatal(err)
	}
	highest := h.ledger.Reserve()
	token, err := page(h, "")
	if err != nil || token == "" {
		t.Fatal(token, err)
	}

	to := t.TempDir()
	if _, err := backup.Restore(t.Context(), dir+"/b", target(to, nil)); err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, to, false)
	after, err := r.Follow(t.Context(), "a", object.Follow{Cursor: m.Cursor, Forever: true})
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	if first, err := after.Next(t.Context(), 0); err != nil || first.Kind != object.Reset || first.Reason != object.EpochChanged {
		t.Errorf("a cursor of before: %+v, %v", first, err)
	}
	if _, err := page(r, token); !errors.Is(err, rule.ErrInvalid) {
		t.Errorf("a page token of before: %v", err)
	}
	if g := r.ledger.Reserve(); g < highest+1<<32 {
		t.Errorf("the next generation is %d, that of before was %d", g, highest)
	}
}

// page returns the token after a page of one event.
func page(h *house, token string) (string, error) {
	s, err := service.New(service.Config[task.Task, task.Event, task.Command]{Class: task.Rules{}, Host: h.host, Lister: h.ledger})
	if err != nil {
		return "", err
	}
	return s.History(context.Background(), service.HistoryQuery{ID: "a", Limit: 1, Token: token}, func(task.Event) bool { return true })
}

// A backup that is not whole is refused, with the reason.
func TestRestoreRefuses(t *testing.T) {
	base := t.TempDir()
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("a"), create("b"), progress("a", 1), progress("a", 2))
	h.flush()
	h.must(progress("a", 3))
	whole := filepath.Join(base, "whole")
	if _, err := h.take(whole); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("objects", "task", "0", "1.db")
	for name, c := range map[string]struct {
		spoil func(dir string) error
		class error
		says  string
	}{
		"interrupted":        {func(d string) error { return os.Remove(d + "/backup.json") }, backup.ErrUnfinished, "backup.json"},
		"a torn manifest":    {func(d string) error { return os.Truncate(d+"/backup.json", 40) }, backup.ErrUnfinished, "cannot be read"},
		"of a newer program": {func(d string) error { return os.WriteFile(d+"/backup.json", []byte(`{"format":2}`), 0o600) }, backup.ErrNewer, "format 2, this one knows 1"},
		"a missing file":     {func(d string) error { return os.Remove(filepath.Join(d, file)) }, journal.ErrDamaged, `task "a"`},
		"a damaged file":     {func(d string) error { return flip(filepath.Join(d, file), 1500) }, journal.ErrDamaged, `task "a"`},
		"another file": {func(d string) error {
			other, err := os.ReadFile(filepath.Join(d, "objects/task/0/2.db"))
			return errors.Join(err, os.WriteFile(filepath.Join(d, file), other, 0o600))
		}, journal.ErrDamaged, `task "a"`},
		"a damaged ledger": {func(d string) error { return flip(d+"/ledger-copy.db", 4096+2000) }, journal.ErrDamaged, ""},
		"a missing ledger": {func(d string) error { return os.Remove(d + "/ledger-copy.db") }, fs.ErrNotExist, "ledger-copy.db"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, to := filepath.Join(t.TempDir(), "b"), t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			_, err := backup.Restore(t.Context(), dir, target(to, nil))
			if !errors.Is(err, c.class) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%v, want %v and %q", err, c.class, c.says)
			}
			// What it began is not taken for a data directory.
			if _, err := datadir.Dir(to).Hold(); !isEmpty(to) && !errors.Is(err, datadir.ErrRestoring) {
				t.Errorf("what is left is opened: %v", err)
			}
		})
	}
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) <= 1 // LOCK
}

// flip changes one bit of a file.
func flip(path string, at int64) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	content[at] ^= 4
	return os.WriteFile(path, content, 0o600)
}

func TestTakeRefuses(t *testing.T) {
	base := t.TempDir()
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("a"), create("b"), create("c"))
	h.flush()
	for dir, class := range map[string]error{
		"b":                  backup.ErrDir,
		base + "/none/b":     backup.ErrDir,
		h.dir:                backup.ErrDir,
		h.dir + "/objects/x": backup.ErrDir,
		base:                 backup.ErrExists,
	} {
		if _, err := h.take(dir); !errors.Is(err, class) {
			t.Errorf("into %s: %v, want %v", dir, err, class)
		}
	}
	for _, g := range []int64{1, 3} {
		if err := os.Remove(h.store.Path(g)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.take(base + "/b")
	if !errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), `task "a", task "c"`) {
		t.Errorf("with two files missing: %v", err)
	}
	if _, err := os.Stat(base + "/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the failed backup is still there: %v", err)
	}
}

func TestABackupThatIsGivenUpLeavesNothing(t *testing.T) {
	base := t.TempDir()
	h := mustOpen(t, t.TempDir(), true)
	h.must(create("a"))
	h.flush()
	for _, during := range []string{"the ledger", "the files"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := backup.Take(ctx, base+"/b", backup.Source{
			DataDir: h.dir, Ledger: h.ledger, Hosts: map[string]backup.Host{"task": h.host}, Now: time.Now,
			Progress: func(p backup.Progress) {
				if during == "the ledger" || p.ObjectsTotal > 0 {
					cancel()
				}
			},
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("given up during %s: %v", during, err)
		}
		if entries, err := os.ReadDir(base); err != nil || len(entries) > 0 {
			t.Errorf("given up during %s, it left %v, %v", during, entries, err)
		}
	}
	if _, err := h.take(base + "/b"); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// Secrets are not in a backup, and files are its own.
func TestABackupHasNoSecretAndSharesNoFile(t *testing.T) {
	base := t.TempDir()
	h := mustOpen(t, t.TempDir(), true)
	secret := "sn_abcdefgh_this-is-a-secret"
	if err := datadir.Dir(h.dir).WriteAdminKey(secret); err != nil {
		t.Fatal(err)
	}
	h.must(create("a"))
	h.flush()
	if _, err := h.take(base + "/b"); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.WalkDir(base+"/b", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		n++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil || n != 3 {
		t.Errorf("%d files, %v", n, err)
	}
	copied, err := os.Stat(base + "/b/objects/task/0/1.db")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Stat(h.store.Path(1))
	if err != nil || os.SameFile(copied, own) {
		t.Errorf("the backup shares a file with the data directory: %v", err)
	}
}
