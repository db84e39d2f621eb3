package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/resume"
	counterv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
)

type counterWatchCmd struct {
	Name          []string `arg:"" help:"The counters' names."`
	History       int      `default:"10" help:"How many earlier events to begin with, 0 to 1000 (${default})."`
	WaitForCreate bool     `help:"If there is no such counter yet, wait until there is, also after one was deleted."`
	Output        string   `short:"o" enum:"auto,table,json" default:"auto" help:"How to print: table (a line for each change), json (a line for each message) or auto: table on a terminal, else json (${default})."`
	clientFlags
}

// Help is what --help adds.
func (c *counterWatchCmd) Help() string {
	return "The watch outlives a server that restarts: it goes on where it was. Ctrl-C leaves, with exit code 130."
}

func (c *counterWatchCmd) Run(ctx context.Context, con *console) error {
	if c.History < 0 || c.History > 1000 {
		return usagef("--history: must be from 0 to 1000, not %d", c.History)
	}
	client, err := c.counters()
	if err != nil {
		return err
	}
	open := func(ctx context.Context, name, cursor string) (resume.Stream[*counterv1.WatchResponse], error) {
		return opened(client.Watch(ctx, &counterv1.WatchRequest{
			Name: name, Cursor: cursor, History: proto.Int32(int32(c.History)), WaitForCreate: c.WaitForCreate,
		}))
	}
	line := counterLine
	if c.Output == "json" || c.Output == "auto" && !isTerminal(con.out) {
		line = func(name string, m *counterv1.WatchResponse) ([]byte, error) { return jsonLineOf("name", name, m) }
	}
	var failed error
	noted := make(chan newsOf[*counterv1.WatchResponse])
	go func() {
		defer close(noted)
		for n := range followAll(ctx, open, unique(c.Name)) {
			if err := callError(c.clientFlags, n.err); n.over && err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", n.id, err))
			}
			noted <- n
		}
	}()
	if err := printLines(con, noted, line); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return failed
}

// counterLine is a message as lines for a person: one for each event, none for
// what says nothing of the counter.
func counterLine(name string, m *counterv1.WatchResponse) ([]byte, error) {
	var events []*counterv1.Event
	switch x := m.GetMessage().(type) {
	case *counterv1.WatchResponse_Snapshot:
		if events = x.Snapshot.GetEvents(); len(events) == 0 {
			return fmt.Appendf(nil, "%s  %d\n", bar.Plain(name), x.Snapshot.GetCounter().GetValue()), nil
		}
	case *counterv1.WatchResponse_Event:
		events = append(events, x.Event.GetEvent())
	case *counterv1.WatchResponse_Removed:
		return fmt.Appendf(nil, "%s  was deleted\n", bar.Plain(name)), nil
	}
	var lines []byte
	for _, e := range events {
		lines = fmt.Appendf(lines, "%s  %d  %s  #%d\n", bar.Plain(name), e.GetValue(), bar.Plain(strings.TrimPrefix(e.GetKind(), "counter.")), e.GetId())
	}
	return lines, nil
}
