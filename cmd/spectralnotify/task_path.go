package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

type pathCmd struct {
	ID string `arg:"" help:"The task's id."`
	dataFlags
}

// Help is what --help adds.
func (c *pathCmd) Help() string {
	return "The file is a SQLite database. It may lack the newest events, or not be there yet: spectralnotify flush writes all of them. " +
		"Never change a file."
}

func (c *pathCmd) Run(ctx context.Context, con *console) error {
	dir := datadir.Dir(c.DataDir)
	if !dir.Exists() {
		return noDataDir(dir)
	}
	generation, err := locate(ctx, dir, journal.Key{Class: task.ClassName, ID: c.ID})
	if errors.Is(err, journal.ErrNotFound) {
		return fmt.Errorf("there is no task %q in %s", c.ID, shown(string(dir)))
	}
	if err != nil {
		return err
	}
	files, err := newStore(dir, func() string { return "" }, nil)
	if err != nil {
		return err
	}
	defer files.Close()
	_, err = fmt.Fprintln(con.out, files.Path(generation))
	return err
}

// locate finds a task's generation, whether a server runs or not.
func locate(ctx context.Context, dir datadir.Dir, key journal.Key) (generation int64, err error) {
	lock, err := dir.Hold()
	var held *datadir.HeldError
	if errors.As(err, &held) {
		return ledger.Locate(string(dir), key)
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	l, err := ledger.New(ledger.Config{Dir: string(dir), Now: microNow, Monotonic: microUptime, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	found, err := l.Load(ctx, key)
	return found.Row.Generation, err
}
