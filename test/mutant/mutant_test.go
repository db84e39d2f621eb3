// Package mutant proves the tests: it removes one safety at a time from the
// source and checks that the test of that safety then fails. A test that passes
// without what it tests means nothing.
//
// The source itself is never touched: the changed file is laid over it for one
// build (go test -overlay).
package mutant

import (
	"flag"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/test/server"
)

// mutant is one safety removed.
type mutant struct {
	name  string // what the program does then
	file  string // relative to the root of the repository
	old   string // occurs exactly once in file
	new   string
	also  []server.Mutation // more that is changed
	pkg   string            // whose tests notice
	test  string            // regular expression of the tests that must fail
	want  string            // regular expression of why; "" is anything
	flags []string
}

var only = flag.String("only", "", "run only mutants whose name contains this")

func TestEveryMutantIsCaught(t *testing.T) { catch(t, mutants) }

// Mutants that a power cut shows; test/power runs them.
func TestPowerCutsCatchEveryMutant(t *testing.T) { catch(t, powerMutants) }

func catch(t *testing.T, mutants []mutant) {
	tried, caught := 0, 0
	for _, m := range mutants {
		if !strings.Contains(m.name, *only) {
			continue
		}
		tried++
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			out, err := m.run(t)
			switch {
			case err == nil:
				t.Errorf("%s: %s passes although %s", m.pkg, m.test, m.name)
			case !strings.Contains(out, "--- FAIL"):
				t.Errorf("%s: no test failed, something else did: %v\n%s", m.pkg, err, tail(out))
			case !regexp.MustCompile(m.want).MatchString(out):
				t.Errorf("%s: %s fails for another reason:\n%s", m.pkg, m.test, tail(out))
			default:
				caught++
			}
		})
	}
	t.Attr("mutants", strconv.Itoa(tried))
	t.Attr("caught", strconv.Itoa(caught))
	if tried == 0 && *only == "" {
		t.Error("there are no mutants")
	}
}

// run runs the mutant's tests on the changed source.
func (m mutant) run(t *testing.T) (output string, err error) {
	t.Helper()
	changes := append([]server.Mutation{{File: m.file, Old: m.old, New: m.new}}, m.also...)
	overlay, err := server.Overlay(t.TempDir(), changes...)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"test", "-vet=off", "-count=1", "-timeout=60s", "-overlay", overlay, "-run", m.test, m.pkg}, m.flags...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
