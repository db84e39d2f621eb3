package golden

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

var update = flag.Bool("update", false, "keep a data directory of the present schema, if there is none yet")

// versions are the numbers of the schemas in a data directory.
type versions struct{ ledger, task, counter int64 }

func (v versions) String() string {
	return fmt.Sprintf("ledger-%d_task-%d_counter-%d", v.ledger, v.task, v.counter)
}

// present returns the versions that the present program makes.
func present(t *testing.T) versions {
	t.Helper()
	h := open(t, t.TempDir())
	h.do(task.Create{ID: "a"}, "")
	h.count(counter.Command{Op: counter.Create, Name: "a"})
	h.flush()
	h.close()
	return versions{version(t, filepath.Join(h.dir, ledger.FileName)), version(t, h.tasks.store.Path(1)), version(t, h.counters.store.Path(2))}
}

func version(t *testing.T, path string) int64 {
	t.Helper()
	return edit(t, path, "PRAGMA user_version")
}

// edit runs a pragma on a closed database and returns its answer.
func edit(t *testing.T, path, pragma string) int64 {
	t.Helper()
	c, err := sqlite.Open(sqlite.Config{Path: path, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	n, err := sqlite.Int(c, pragma)
	if err := errors.Join(err, sqlite.CloseAll(c)); err != nil {
		t.Fatal(err)
	}
	return n
}

// count carries out a command on a counter.
func (h *house) count(cmd counter.Command) {
	h.t.Helper()
	do(h.t, h.counters.Host, counter.Rules{}, cmd, "")
}

// furnish fills a house with all that a data directory can hold.
func furnish(h *house) {
	on := func(id string) task.Target { return task.Target{ID: id} }
	h.do(task.Create{ID: "bare"}, "")
	h.do(task.Create{ID: "full é\"", Type: "render", Tags: []string{"hd", "\"q\""}, Metadata: `{"a":[1,{"b":null}]}`, Status: task.InProgress, Progress: 5}, "k1")
	for i := range 30 {
		h.do(task.SetProgress{Target: on("full é\""), Progress: 3 * i, Message: fmt.Sprintf("step %d\n", i), Metadata: `{"step":1}`}, "")
	}
	for _, end := range []task.Command{
		task.Complete{Target: on("succeeded"), Result: `{"file":"x"}`},
		task.Fail{Target: on("failed"), Error: "the disk is full"},
		task.Cancel{Target: on("canceled")},
	} {
		h.do(task.Create{ID: end.TaskID()}, "")
		h.do(end, "")
	}
	h.do(task.AddEvents{Target: on("failed"), Events: []task.NewEvent{{Message: "a late note"}, {Message: "another"}}}, "")
	h.do(task.Create{ID: "gone"}, "")
	h.count(counter.Command{Op: counter.Create, Name: "visits", N: -7})
	h.count(counter.Command{Op: counter.Increment, Name: "visits", N: 40})
	h.flush()
	h.count(counter.Command{Op: counter.Reset, Name: "visits"})
	h.count(counter.Command{Op: counter.Create, Name: "never home"})
	h.tasks.KeepFiles() // as if the process ended before it was removed
	h.do(task.Delete{Target: on("gone")}, "")
	h.do(task.SetProgress{Target: on("full é\""), Progress: 97, Message: "not home yet"}, "k2")
	h.do(task.Create{ID: "never home", Tags: []string{"hd"}}, "k3")
	if err := h.ledger.InsertKey(h.t.Context(), journal.APIKey{ID: "abcdefgh", Name: "ci", Subject: "ci", Scopes: []string{"admin"}, CreatedAt: 7}); err != nil {
		h.t.Fatal(err)
	}
}

// The present schema is kept, so that later programs can be held to it.
func TestThePresentSchemaIsKept(t *testing.T) {
	v := present(t)
	name := filepath.Join("testdata", v.String())
	_, err := os.Stat(name + ".tar.gz")
	if err == nil {
		return
	}
	if !*update {
		t.Fatalf("%v: keep a data directory of this schema: go test ./test/golden -update", err)
	}
	h := open(t, t.TempDir())
	furnish(h)
	image := pack(t, h.dir) // as it is while the house lives
	want, err := json.MarshalIndent(h.content(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{name + ".tar.gz": image, name + ".json": append(want, '\n')} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Every data directory that was ever released opens, has everything, and goes
// on.
func TestDataOfEverySchemaOpens(t *testing.T) {
	v := present(t)
	names, err := filepath.Glob("testdata/*.tar.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no data directories are kept, %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			dir := unpack(t, name)
			text, err := os.ReadFile(strings.TrimSuffix(name, ".tar.gz") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want content
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			h := open(t, dir)
			for _, when := range []string{"at first", "when all is home"} {
				if got := h.content(); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s it holds\n%+v, want\n%+v", when, got, want)
				}
				h.flush()
			}
			if out := h.do(task.SetProgress{Target: task.Target{ID: "full é\""}, Progress: 97, Message: "not home yet"}, "k2"); !out.Replayed {
				t.Error("a call that was made before happened again")
			}
			h.do(task.Complete{Target: task.Target{ID: "full é\""}}, "")
			h.do(task.Create{ID: "gone"}, "")
			h.count(counter.Command{Op: counter.Increment, Name: "visits", N: 1})
			h.flush()
			h.close()
			whole(t, dir, v)
		})
	}
}

// whole sees that a closed data directory is whole and of the present version.
func whole(t *testing.T, dir string, v versions) {
	t.Helper()
	path := filepath.Join(dir, ledger.FileName)
	findings, err := ledger.Check(t.Context(), path)
	if err != nil || len(findings) > 0 {
		t.Errorf("%v, %v", findings, err)
	}
	if n := version(t, path); n != v.ledger {
		t.Errorf("the ledger is of schema %d", n)
	}
	h := open(t, dir)
	defer h.close()
	if err := errors.Join(h.tasks.whole(t, v.task), h.counters.whole(t, v.counter)); err != nil {
		t.Error(err)
	}
}

func (k *kept[S, E]) whole(t *testing.T, want int64) error {
	return k.store.Generations(t.Context(), func(generation int64) error {
		_, err := k.store.Check(t.Context(), generation)
		if n := version(t, k.store.Path(generation)); err == nil && n != want {
			err = fmt.Errorf("%s is of schema %d", k.store.Path(generation), n)
		}
		return err
	})
}

// What a later program made is refused, with both versions in the text, and left
// as it is.
func TestDataOfALaterSchemaIsRefused(t *testing.T) {
	v := present(t)
	name := filepath.Join("testdata", v.String()+".tar.gz")
	t.Run("ledger", func(t *testing.T) {
		dir := unpack(t, name)
		path := filepath.Join(dir, ledger.FileName)
		open(t, dir).close()
		edit(t, path, fmt.Sprintf("PRAGMA user_version = %d", v.ledger+1))
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s: made by a newer spectralnotify: schema %d, this one knows %d", path, v.ledger+1, v.ledger)
		if _, err := tryOpen(t, dir); !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("the ledger was changed, %v", err)
		}
	})
	t.Run("task", func(t *testing.T) {
		dir := unpack(t, name)
		h := open(t, dir)
		h.flush()
		h.close()
		edit(t, h.tasks.store.Path(1), fmt.Sprintf("PRAGMA user_version = %d", v.task+1))
		h = open(t, dir)
		want := fmt.Sprintf("%s: made by a newer spectralnotify: schema %d, this one knows %d", h.tasks.store.Path(1), v.task+1, v.task)
		_, err := h.tasks.store.Check(t.Context(), 1)
		if !errors.Is(err, sqlite.ErrNewer) || errors.Is(err, journal.ErrDamaged) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		h.do(task.Complete{Target: task.Target{ID: "full é\""}}, "") // the others go on
	})
}

// pack returns a directory as a tar.gz.
func pack(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err != nil || e.IsDir() || strings.HasSuffix(rel, "-shm") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(rel), Mode: 0o600, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack returns a directory of a tar.gz.
func unpack(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(header.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
