// Command spectralnotify is the server, its client for the terminal, and what
// keeps its data directory in order.
//
// It wires the house: packages know each other only through what this one hands
// them. One file per subcommand. Wrong input ends with one line on standard
// error and exit code 2, any other failure with one line and exit code 1.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// A console is where a command reads and writes.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

func main() {
	os.Exit(run(os.Args[1:], &console{os.Stdin, os.Stdout, os.Stderr}))
}

// run is the whole program: it returns the exit code.
func run(args []string, con *console) int {
	dropEmptyEnv()
	warnUnknownEnv(con.err, os.Environ())
	parser, exited := newParser(con)
	command, err := parse(parser, args)
	if exited.is {
		return exited.code
	}
	if err != nil {
		return fail(con.err, err)
	}
	ctx, stop := untilSignal()
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	return fail(con.err, command.Run(con))
}

// exitMark notes that the parser has done all there was to do, such as to
// print help.
type exitMark struct {
	is   bool
	code int
}

func newParser(con *console) (*kong.Kong, *exitMark) {
	mark := &exitMark{}
	parser := kong.Must(&grammar{},
		kong.Name("spectralnotify"),
		kong.Description("Watch long work live: every task is a small durable object with its own history."),
		kong.DefaultEnvars(envPrefix),
		kong.Writers(con.out, con.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Exit(func(code int) {
			mark.is, mark.code = true, code
		}),
	)
	return parser, mark
}

// untilSignal returns a context that the first SIGINT or SIGTERM cancels. The
// second ends the process at once.
func untilSignal() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		if _, again := <-signals; again {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}
