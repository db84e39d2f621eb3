package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

type backupCmd struct {
	Dir string `arg:"" help:"Where to; a new directory, whose parent exists."`
	adminFlags
	outputFlags
}

// Help is what --help adds.
func (c *backupCmd) Help() string {
	return "If a server uses the data directory, it is asked to make the backup while it goes on, as its own user and on its own disk; " +
		"if none does, the command makes it by itself. " +
		"The backup is everything that was committed before, but for the secrets. It is whole when the command ends with exit code 0: " +
		"restore refuses one that was interrupted."
}

func (c *backupCmd) Run(ctx context.Context, con *console) error {
	data := datadir.Dir(c.DataDir)
	if !data.Exists() {
		return noDataDir(data)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return usagef("DIR: %v", err)
	}
	made, err := c.here(ctx, data, dir, con.err)
	var held *datadir.HeldError
	if errors.As(err, &held) {
		made, err = c.ask(ctx, held.Holder, dir, con.err)
	}
	if errors.Is(err, backup.ErrDir) || errors.Is(err, backup.ErrExists) {
		err = usagef("DIR: %v", err)
	}
	if err != nil {
		return err
	}
	if c.json() {
		return printJSON(con.out, made)
	}
	_, err = fmt.Fprintf(con.out, "%s, %s in %s\n", count(made.GetObjects(), "object"), bytesText(made.GetBytes()), shown(dir))
	return err
}

// here makes the backup in this process.
func (c *backupCmd) here(ctx context.Context, data datadir.Dir, dir string, log io.Writer) (_ *adminv1.BackupSummary, err error) {
	h, err := openHouse(houseConfig{dir: data, log: newLog(log, serveFlags{LogLevel: "warn"})})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	m, err := h.backup(ctx, dir, nil)
	return &adminv1.BackupSummary{Objects: m.Objects, Files: m.Files, Bytes: m.Bytes, Lsn: m.LSN}, err
}

// backup makes a backup of a house, in use or not.
func (h *house) backup(ctx context.Context, dir string, progress func(backup.Progress)) (backup.Manifest, error) {
	hosts := map[string]backup.Host{}
	for _, class := range h.all() {
		hosts[class.Name()] = class.host()
	}
	return backup.Take(ctx, dir, backup.Source{
		DataDir: string(h.dir), Ledger: h.ledger, Hosts: hosts, Now: time.Now, Progress: progress,
	})
}

// ask lets the server make the backup.
func (c *backupCmd) ask(ctx context.Context, holder datadir.Holder, dir string, news io.Writer) (*adminv1.BackupSummary, error) {
	client, flags, err := c.client(holder)
	if err != nil {
		return nil, err
	}
	stream, err := client.Backup(ctx, &adminv1.BackupRequest{Dir: dir})
	if err != nil {
		return nil, callError(flags, err)
	}
	defer stream.Close()
	made, err := c.follow(stream, news)
	if failed := new(connect.Error); errors.As(err, &failed) && failed.Code() == connect.CodeAlreadyExists {
		return nil, usagef("DIR: %s", failed.Message())
	}
	return made, callError(flags, err)
}

// follow tells how far the server is, once a second, until it is done.
func (c *backupCmd) follow(stream *connect.ServerStreamForClient[adminv1.BackupResponse], news io.Writer) (*adminv1.BackupSummary, error) {
	var last time.Time
	for stream.Receive() {
		m := stream.Msg()
		if m.GetDone() != nil {
			return m.GetDone(), nil
		}
		if time.Since(last) < time.Second {
			continue
		}
		if last = time.Now(); m.GetObjectsTotal() > 0 {
			fmt.Fprintf(news, "%d of %s\n", m.GetObjects(), count(m.GetObjectsTotal(), "object"))
		} else {
			fmt.Fprintf(news, "ledger: %s of %s\n", bytesText(m.GetLedgerBytes()), bytesText(m.GetLedgerBytesTotal()))
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return nil, errors.New("the server ended the backup without a word: there is none")
}

// bytesText is a size for a person.
func bytesText(n int64) string {
	switch {
	case n < 10<<10:
		return count(n, "byte")
	case n < 10<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 10<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d GiB", n>>30)
}
