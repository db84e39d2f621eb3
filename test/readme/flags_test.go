package readme

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	flagName    = regexp.MustCompile(`--[a-z][a-z-]+`)
	flagLine    = regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[a-z][a-z-]+)`)
	commandLine = regexp.MustCompile(`(?m)^  ([a-z ]+?)  `)
)

// A command of the binary: its flags, and its words as one types them.
type command struct {
	words string
	flags []string
}

// commands asks the binary for its commands, and those below them.
func commands(t *testing.T, binary string, words ...string) []command {
	t.Helper()
	out, err := exec.Command(binary, append(words, "--help")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v --help: %v\n%s", words, err, out)
	}
	_, list, group := strings.Cut(string(out), "\nCommands:\n")
	if !group {
		c := command{words: strings.Join(words, " ")}
		for _, m := range flagLine.FindAllStringSubmatch(string(out), -1) {
			c.flags = append(c.flags, m[1])
		}
		return []command{c}
	}
	var all []command
	for _, m := range commandLine.FindAllStringSubmatch(list, -1) {
		all = append(all, commands(t, binary, strings.Fields(m[1])...)...)
	}
	return all
}

// The page for operators names every command and every flag, and none that is
// not there.
func TestTheDocsNameEveryFlag(t *testing.T) {
	r := newReader(t)
	operations := page(t, "docs/operations.md")
	_, serve, ok := strings.Cut(operations, "### serve\n")
	if !ok {
		t.Fatal("docs/operations.md has no section on serve")
	}
	serve, others, _ := strings.Cut(serve, "\n### ")
	var known []string
	for _, c := range commands(t, r.binary) {
		known = append(known, c.flags...)
		last := c.words[strings.LastIndex(c.words, " ")+1:]
		if !strings.Contains(others, "`"+c.words) && !strings.Contains(others, "`"+last+"`") {
			t.Errorf("docs/operations.md does not name the command %s", c.words)
		}
		section := others
		if c.words == "serve" {
			section = serve
		}
		for _, f := range c.flags {
			if f != "--help" && !strings.Contains(section, "`"+f+"`") {
				t.Errorf("docs/operations.md does not name %s of %s", f, c.words)
			}
		}
	}
	if len(known) < 50 {
		t.Fatalf("the binary tells of only %d flags", len(known))
	}
	for _, f := range flagName.FindAllString(serve+others, -1) {
		if !slices.Contains(known, f) {
			t.Errorf("docs/operations.md names %s, which no command has", f)
		}
	}
}
