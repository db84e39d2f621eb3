package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errUsage marks wrong input: exit code 2.
var errUsage = errors.New("wrong input")

// errInterrupted says that the user ended a command that goes on until then.
var errInterrupted = errors.New("interrupted")

// errQuiet fails the command without a word: all was said.
var errQuiet = errors.New("said already")

// usagef is wrong input; the text names the flag or argument and the fix.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

type usageError struct{ text string }

func (e *usageError) Error() string   { return e.text }
func (e *usageError) Is(t error) bool { return t == errUsage }

// parse parses a command line. Its errors are usage errors that end with where
// the help is.
func parse(parser *kong.Kong, args []string) (*kong.Context, error) {
	command, err := parser.Parse(args)
	if err == nil {
		return command, nil
	}
	help := "spectralnotify --help"
	var bad *kong.ParseError
	if errors.As(err, &bad) && bad.Context != nil && bad.Context.Selected() != nil {
		help = bad.Context.Selected().FullPath() + " --help"
	}
	return nil, usagef("%s; see %q", plainParseError(err), help)
}

// plainParseError says in the words of this program what the parser says in
// its own.
func plainParseError(err error) string {
	text := err.Error()
	if want, ok := strings.CutPrefix(text, "expected \""); ok && strings.HasPrefix(want, "<") {
		return "missing argument " + strings.TrimSuffix(want, "\"")
	}
	if strings.HasPrefix(text, "expected one of") {
		return "missing command: " + text
	}
	if strings.HasPrefix(text, "unknown flag -") && strings.ContainsAny(text[len("unknown flag -"):][:1], "0123456789") {
		return text + " (write -- before an argument that begins with a dash)"
	}
	return text
}

// fail prints why a command ended, in one line, and returns the exit code.
func fail(w io.Writer, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errQuiet):
		return exitFailed
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	fmt.Fprintln(w, "spectralnotify: "+oneLine(err.Error()))
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailed
}

// oneLine joins the lines of a text.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
