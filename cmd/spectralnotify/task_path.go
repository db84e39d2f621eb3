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
	return printPath(ctx, con, datadir.Dir(c.DataDir), journal.Key{Class: task.ClassName, ID: c.ID})
}

// printPath says where an object's file is.
func printPath(ctx context.Context, con *console, dir datadir.Dir, key journal.Key) error {
	if !dir.Exists() {
		return noDataDir(dir)
	}
	generation, err := locate(ctx, dir, key)
	if errors.Is(err, journal.ErrNotFound) {
		return fmt.Errorf("there is no %s %q in %s", key.Class, key.ID, shown(string(dir)))
	}
	if err != nil {
		return err
	}
	all, err := newClasses(place{dir: dir, epoch: func() string { return "" }})
	defer all.closeFiles()
	if err != nil {
		return err
	}
	for _, class := range all.all() {
		if class.Name() == key.Class {
			_, err = fmt.Fprintln(con.out, class.files().Path(generation))
		}
	}
	return err
}

// locate finds an object's generation, whether a server runs or not.
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
