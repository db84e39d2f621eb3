package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

type restoreCmd struct {
	Backup string `arg:"" help:"The directory that spectralnotify backup made."`
	dataFlags
}

// Help is what --help adds.
func (c *restoreCmd) Help() string {
	return "The data directory must be new or empty. Every object comes back as it was at one moment, with its whole history. " +
		"Watches that go on from before get a reset, and page tokens of before are invalid. API keys work again; " +
		"the file admin.key is a secret and in no backup."
}

func (c *restoreCmd) Run(ctx context.Context, con *console) error {
	dir := datadir.Dir(c.DataDir)
	m, err := restore(ctx, c.Backup, dir)
	switch {
	case errors.Is(err, backup.ErrUnfinished), errors.Is(err, backup.ErrNewer):
		return usagef("BACKUP: %v", err)
	case errors.Is(err, fs.ErrExist):
		return usagef("--data-dir: %s is not empty: choose a new directory, a restore replaces nothing", shown(c.DataDir))
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(con.out, "%s restored into %s, as they were at %s\n",
		count(m.Objects, "object"), shown(c.DataDir), m.TakenAt.Format("2006-01-02 15:04:05 MST"))
	return err
}

func restore(ctx context.Context, from string, dir datadir.Dir) (m backup.Manifest, err error) {
	if m, err = backup.ReadManifest(from); err != nil { // before anything is made
		return m, err
	}
	syscall.Umask(0o077)
	if err := dir.Make(); err != nil {
		return m, err
	}
	lock, err := hold(dir)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := dir.Fresh(); err != nil {
		return m, err
	}
	to, err := target(dir)
	if err != nil {
		return m, err
	}
	if m, err = backup.Restore(ctx, from, to); err != nil {
		err = fmt.Errorf("%w; what there is in %s is worthless: remove it", err, shown(string(dir)))
	}
	return m, err
}

// target is a data directory that is made anew.
func target(dir datadir.Dir) (backup.Target, error) {
	to := backup.Target{Dir: dir, Now: microNow, Monotonic: microUptime}
	sorts, err := newClasses(place{dir: dir, epoch: func() string { return "" }})
	if err != nil {
		return to, err
	}
	for _, class := range sorts.all() {
		to.Classes = append(to.Classes, class.restorable())
	}
	return to, sorts.closeFiles()
}
