package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"connectrpc.com/connect"
	"golang.org/x/term"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
)

type exportCmd struct {
	ID    string `arg:"" help:"The task's id."`
	File  string `short:"o" placeholder:"FILE" help:"Where to; else standard output, which must not be a terminal."`
	Force bool   `short:"f" help:"Replace FILE if it exists."`
	clientFlags
}

// Help is what --help adds.
func (c *exportCmd) Help() string {
	return "The file holds everything that was committed before the call. Read it with the sqlite3 shell: " +
		`sqlite3 FILE "SELECT id, kind, message FROM task_history". ` +
		"A FILE that exists is not replaced without --force, and then only by a whole one."
}

func (c *exportCmd) Run(ctx context.Context, con *console) error {
	if err := c.check(con.out); err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	stream, err := client.Export(ctx, &taskv1.ExportRequest{TaskId: c.ID})
	if err != nil {
		return callError(c.clientFlags, err)
	}
	defer stream.Close()
	if c.File == "" {
		return c.receive(stream, con.out)
	}
	return c.save(stream)
}

// check refuses what would spoil a terminal or a file.
func (c *exportCmd) check(out io.Writer) error {
	if c.File == "" {
		if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return usagef("a SQLite file is nothing to look at: name one with -o FILE, or send standard output elsewhere")
		}
		return nil
	}
	if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) && !c.Force {
		return usagef("-o: %s exists: choose another name, or replace it with --force", shown(c.File))
	}
	return nil
}

// save receives the file beside its place and moves it there when it is whole.
func (c *exportCmd) save(stream *connect.ServerStreamForClient[taskv1.ExportResponse]) error {
	f, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+".*")
	if err != nil {
		return fmt.Errorf("-o: cannot write beside %s: %w", shown(c.File), err)
	}
	err = c.receive(stream, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), c.File)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // worthless
	}
	return err
}

func (c *exportCmd) receive(stream *connect.ServerStreamForClient[taskv1.ExportResponse], to io.Writer) error {
	for stream.Receive() {
		if _, err := to.Write(stream.Msg().GetData()); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
	}
	return callError(c.clientFlags, stream.Err())
}
