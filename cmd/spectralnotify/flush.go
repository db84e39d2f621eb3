package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	adminv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/admin/v1"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

type flushCmd struct {
	adminFlags
	outputFlags
}

// Help is what --help adds.
func (c *flushCmd) Help() string {
	return "If a server uses the data directory, it is asked to; if none does, the command does it itself. " +
		"Afterwards each object's file holds its whole history."
}

func (c *flushCmd) Run(ctx context.Context, con *console) error {
	dir := datadir.Dir(c.DataDir)
	if !dir.Exists() {
		return noDataDir(dir)
	}
	answer, err := flushHere(ctx, dir, con.err)
	var held *datadir.HeldError
	if errors.As(err, &held) {
		answer, err = c.ask(ctx, held.Holder)
	}
	if err != nil {
		return err
	}
	if c.json() {
		return printJSON(con.out, answer)
	}
	_, err = fmt.Fprintf(con.out, "%s written home, with %s\n",
		count(answer.GetObjects(), "object"), count(answer.GetEvents(), "event"))
	return err
}

// noDataDir says that there is nothing to work on.
func noDataDir(dir datadir.Dir) error {
	return usagef("--data-dir: there is no data directory at %s", shown(string(dir)))
}

// flushHere does it in this process.
func flushHere(ctx context.Context, dir datadir.Dir, log io.Writer) (answer *adminv1.FlushResponse, err error) {
	h, err := openHouse(houseConfig{dir: dir, log: newLog(log, serveFlags{LogLevel: "warn"})})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	h.start()
	done, err := h.Flush(ctx)
	return &adminv1.FlushResponse{Objects: done.Objects, Events: done.Events}, errors.Join(err, h.stopHosts(ctx))
}

// ask asks the server that holds the directory.
func (c *flushCmd) ask(ctx context.Context, holder datadir.Holder) (*adminv1.FlushResponse, error) {
	client, flags, err := c.client(holder)
	if err != nil {
		return nil, err
	}
	answer, err := client.Flush(ctx, &adminv1.FlushRequest{})
	return answer, callError(flags, err)
}

// count is a number of things.
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
