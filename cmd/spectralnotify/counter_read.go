package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/bar"
	counterv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/counter/v1"
	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
)

type counterGetCmd struct {
	Name string `arg:"" help:"The counter's name."`
	counterFlags
}

func (c *counterGetCmd) Run(ctx context.Context, con *console) error {
	return changeCounter(ctx, con, c.counterFlags, &counterv1.GetRequest{Name: c.Name}, counterClient.Get)
}

type counterListCmd struct {
	Prefix    string `help:"Only counters whose name begins with this."`
	CreatedBy string `placeholder:"SUBJECT" help:"Only counters created by this subject."`
	Limit     int    `default:"50" help:"How many at most; 0 is all (${default})."`
	counterFlags
}

func (c *counterListCmd) Run(ctx context.Context, con *console) error {
	client, err := c.counters()
	if err != nil {
		return err
	}
	all := &counterv1.ListAllResponse{}
	err = readPages(c.Limit, func(size int32) (n int, more bool, err error) {
		page, err := client.ListAll(ctx, &counterv1.ListAllRequest{
			NamePrefix: c.Prefix, CreatedBy: c.CreatedBy, PageSize: size, PageToken: all.GetNextPageToken(),
		})
		if err != nil {
			return 0, false, callError(c.clientFlags, err)
		}
		page.Counters = append(all.GetCounters(), page.GetCounters()...)
		all = page
		return len(all.GetCounters()), all.GetNextPageToken() != "", nil
	})
	if err != nil {
		return err
	}
	if c.json() {
		return printJSON(con.out, all)
	}
	if err := printCounterTable(con.out, all.GetCounters()); err != nil {
		return err
	}
	return printRest(con, "counter", len(all.GetCounters()), all)
}

type counterHistoryCmd struct {
	Name  string `arg:"" help:"The counter's name."`
	Limit int    `default:"50" help:"How many events at most; 0 is all (${default})."`
	After *int64 `placeholder:"N" help:"The events after this number; else the newest."`
	counterFlags
}

func (c *counterHistoryCmd) Run(ctx context.Context, con *console) error {
	client, err := c.counters()
	if err != nil {
		return err
	}
	events, err := readHistory(c.Limit, c.After, func(size int32, token string, after *int64) ([]*counterv1.Event, string, error) {
		page, err := client.GetHistory(ctx, &counterv1.GetHistoryRequest{Name: c.Name, Limit: size, PageToken: token, AfterSequence: after})
		return page.GetEvents(), page.GetNextPageToken(), callError(c.clientFlags, err)
	})
	if err != nil && len(events) == 0 {
		return err
	}
	if c.json() {
		return errors.Join(printJSON(con.out, &counterv1.GetHistoryResponse{Events: events}), err)
	}
	return errors.Join(printCounterEvents(con.out, events), err)
}

type counterPathCmd struct {
	Name string `arg:"" help:"The counter's name."`
	dataFlags
}

// Help is what --help adds.
func (c *counterPathCmd) Help() string { return (&pathCmd{}).Help() }

func (c *counterPathCmd) Run(ctx context.Context, con *console) error {
	return printPath(ctx, con, datadir.Dir(c.DataDir), journal.Key{Class: counter.ClassName, ID: c.Name})
}

// printCounter prints a counter as one line: name, value, sequence.
func printCounter(w io.Writer, c *counterv1.Counter) error {
	_, err := fmt.Fprintf(w, "%s  %d  #%d\n", bar.Plain(c.GetName()), c.GetValue(), c.GetSequence())
	return err
}

// printCounterTable prints counters, one a line under a head.
func printCounterTable(w io.Writer, counters []*counterv1.Counter) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "NAME\tVALUE\tINITIAL\tOPERATIONS\tUPDATED")
	for _, c := range counters {
		fmt.Fprintf(tab, "%s\t%d\t%d\t%d\t%s\n", bar.Plain(c.GetName()), c.GetValue(), c.GetInitialValue(), c.GetOperationCount(), when(c.GetUpdatedAt()))
	}
	return tab.Flush()
}

// printCounterEvents prints events, one a line under a head.
func printCounterEvents(w io.Writer, events []*counterv1.Event) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "#\tTIME\tKIND\tFROM\tTO\tBY")
	for _, e := range events {
		fmt.Fprintf(tab, "%d\t%s\t%s\t%d\t%d\t%s\n", e.GetId(), when(e.GetTimestamp()), bar.Plain(e.GetKind()), e.GetPreviousValue(), e.GetValue(), dash(e.GetActor()))
	}
	return tab.Flush()
}
