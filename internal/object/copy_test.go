package object_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// asleep leaves everything in the journal until it is asked for.
func asleep(c *config) { c.Scribes, c.IdleAfter, c.OldAfter = 1, time.Hour, time.Hour }

// rows counts the events in a task's file.
func rows(t *testing.T, image []byte) int64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := sqlite.Open(sqlite.Config{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n, err := sqlite.Int(c, "SELECT count(*) FROM task_history")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExportHasEverythingFromBefore(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), asleep)
	w.must(create("a"))
	for n := int64(1); n <= 3; n++ { // at first there is no file, later it is old
		var b bytes.Buffer
		if err := w.Export(t.Context(), "a", &b); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, b.Bytes()); got != n {
			t.Errorf("%d events are exported, want %d", got, n)
		}
		w.must(note("a", "x"))
	}
	var b bytes.Buffer
	if err := w.Export(t.Context(), "none", &b); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("of no task: %v", err)
	}
	w.must(remove("a"))
	if err := w.Export(t.Context(), "a", &b); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("of a task that was deleted: %v", err)
	}
	w.must(create("b"))
	if _, err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(w.store.Path(2)); err != nil {
		t.Fatal(err)
	}
	if err := w.Export(t.Context(), "b", &b); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("of a task whose file is missing: %v", err)
	}
}

// Whoever copies a file holds up only that file.
func TestACopyHoldsUpNoOtherFile(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), asleep)
	w.must(create("a"), create("b"))
	if _, err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	slow := &slowWriter{began: make(chan struct{}), goOn: make(chan struct{})}
	done := make(chan error)
	go func() { done <- w.CopyFile(context.Background(), 1, slow) }()
	<-slow.began
	w.must(note("b", "x"))
	if _, err := w.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.inFile(2); n != 2 {
		t.Errorf("the other file holds %d events", n)
	}
	close(slow.goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// slowWriter waits at its first write.
type slowWriter struct{ began, goOn chan struct{} }

func (s *slowWriter) Write(p []byte) (int, error) {
	close(s.began)
	<-s.goOn
	return len(p), nil
}

func TestKeptFilesGoWhenNobodyKeepsThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, dir, asleep)
	w.must(create("a"), create("b"))
	if _, err := w.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, second := w.KeepFiles(), w.KeepFiles()
	w.must(remove("a"))
	first()
	first()       // counts once
	for range 3 { // the one scribe has come past
		w.must(note("b", "x"))
		if _, err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.inFile(1); n != 1 {
		t.Fatalf("a kept file has %d events", n)
	}
	second()
	for range 3 {
		w.must(note("b", "x"))
		if _, err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(w.store.Path(1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}
