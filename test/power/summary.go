package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// An event is a line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
	Key     string // of an attribute
	Value   string
	Output  string
}

// A summary adds up the attributes that the tests note, and prints what the
// failed ones said. It is safe for concurrent use.
type summary struct {
	mu   sync.Mutex
	out  io.Writer
	sums map[string]int    // :: attribute -> its sum over all tests
	seed string            // as the first test that has one says
	said map[string]string // :: package and test -> what it printed, until it has ended
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, sums: map[string]int{}, said: map[string]string{}}
}

// follow runs a go test and takes in what it says.
func (s *summary) follow(cmd *exec.Cmd) error {
	cmd.Stderr = s.out
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	fault := s.read(pipe)
	_, _ = io.Copy(io.Discard, pipe) // so that it can end
	if err := errors.Join(fault, cmd.Wait()); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

func (s *summary) read(in io.Reader) error {
	lines := json.NewDecoder(in)
	for {
		var e event
		switch err := lines.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		s.take(e)
	}
}

func (s *summary) take(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	test := e.Package + " " + e.Test
	switch e.Action {
	case "attr":
		s.attr(e.Key, e.Value)
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") {
			s.said[test] += e.Output
		}
	case "fail":
		fmt.Fprint(s.out, s.said[test])
		delete(s.said, test)
	case "pass", "skip":
		delete(s.said, test)
	}
}

func (s *summary) attr(key, value string) {
	if key == "seed" {
		if s.seed == "" {
			s.seed = value
		}
		return
	}
	if n, err := strconv.Atoi(value); err == nil {
		s.sums[key] += n
	}
}

func (s *summary) String() string {
	line := fmt.Sprintf("%d crashes, %d of them again in recovery; %d lost, %d corrupt",
		s.sums["crashes"], s.sums["again"], s.sums["lost"], s.sums["corrupt"])
	if s.sums["mutants"] > 0 {
		line += fmt.Sprintf("; %d of %d mutants caught", s.sums["caught"], s.sums["mutants"])
	}
	return line + "; seed " + s.seed
}

// verdict fails for a promise that was broken, a mutant that was not caught, and
// tests that did nothing.
func (s *summary) verdict() error {
	switch {
	case s.sums["lost"]+s.sums["corrupt"] > 0:
		return errors.New("a promise is broken")
	case s.sums["caught"] < s.sums["mutants"]:
		return errors.New("a mutant was not caught")
	case s.sums["crashes"] == 0:
		return errors.New("the power never failed: are the tests still named as here?")
	}
	return nil
}
