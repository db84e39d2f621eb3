package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/spectralnotify/spectralnotify/test/server"
)

// A row is one line of the table.
type row struct {
	name string
	what string
	load func(*bench) load
}

var rows = []row{
	{"hot1", "1 client adds events to one task", hot(1)},
	{"hot16", "16 clients add events to one task", hot(16)},
	{"lifecycle", "32 clients, each: create, 10 updates, complete, and again", lifecycle(32)},
}

// options are what all rows share.
type options struct {
	binary   string
	duration time.Duration
	trace    time.Duration // of the run under strace that counts fsyncs; 0 for none
	dir      string        // on the disk that is measured
	tasks    int           // of the report "million"
	watchers int           // of the report "watchers"
}

func main() {
	var o options
	flag.DurationVar(&o.duration, "duration", time.Minute, "length of each row")
	flag.DurationVar(&o.trace, "trace", 5*time.Second, "length of the run under strace that counts fsyncs; 0 for none")
	flag.IntVar(&o.tasks, "tasks", 1_000_000, "tasks of the report million")
	flag.IntVar(&o.watchers, "watchers", 10_000, "watchers of the report watchers")
	flag.StringVar(&o.binary, "binary", "", "the server to measure; built if empty")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where data directories are made: the disk that is measured")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: go run ./bench [flags] [row...]")
	for _, r := range rows {
		fmt.Fprintf(os.Stderr, "  %-10s %s\n", r.name, r.what)
	}
	for _, r := range reports {
		fmt.Fprintf(os.Stderr, "  %-10s %s\n", r.name, r.what)
	}
	flag.PrintDefaults()
}

func run(ctx context.Context, o options, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.name == name }) &&
			!slices.ContainsFunc(reports, func(r report) bool { return r.name == name }) {
			return fmt.Errorf("there is no row %q; see -h", name)
		}
	}
	wanted := func(name string) bool {
		return len(names) == 0 && name != "million" || slices.Contains(names, name)
	}
	work, err := os.MkdirTemp(o.dir, "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	o.dir = work
	if o.binary == "" {
		if o.binary, err = server.Build(work); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(rows, func(r row) bool { return wanted(r.name) }) {
		printHeader()
	}
	for _, r := range rows {
		if !wanted(r.name) {
			continue
		}
		res, err := measure(ctx, o, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		printRow(r, res)
	}
	for _, r := range reports {
		if !wanted(r.name) {
			continue
		}
		if err := r.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}
