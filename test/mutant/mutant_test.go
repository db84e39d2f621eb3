// Package mutant proves the tests: it removes one safety at a time from the
// source and checks that the test of that safety then fails. A test that passes
// without what it tests means nothing.
//
// The source itself is never touched: the changed file is laid over it for one
// build (go test -overlay).
package mutant

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is one safety removed.
type mutant struct {
	name  string // what the program does then
	file  string // relative to the root of the repository
	old   string // occurs exactly once in file
	new   string
	pkg   string // whose tests notice
	test  string // regular expression of the tests that must fail
	flags []string
}

var only = flag.String("only", "", "run only mutants whose name contains this")

func TestEveryMutantIsCaught(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tried, caught := 0, 0
	for _, m := range mutants {
		if !strings.Contains(m.name, *only) {
			continue
		}
		tried++
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			out, err := m.run(t, root)
			switch {
			case err == nil:
				t.Errorf("%s: %s passes although %s", m.pkg, m.test, m.name)
			case !strings.Contains(out, "--- FAIL"):
				t.Errorf("%s: no test failed, something else did: %v\n%s", m.pkg, err, tail(out))
			default:
				caught++
			}
		})
	}
	t.Logf("%d of %d mutants caught", caught, tried)
	if tried == 0 {
		t.Errorf("no mutant is named like %q", *only)
	}
}

// run runs the mutant's tests on the changed source.
func (m mutant) run(t *testing.T, root string) (output string, err error) {
	t.Helper()
	path := filepath.Join(root, m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		t.Fatalf("%s has %q %d times, want once: the mutant is out of date", m.file, m.old, n)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, filepath.Base(m.file))
	write(t, changed, []byte(strings.Replace(string(source), m.old, m.new, 1)))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), overlay)
	args := append([]string{"test", "-vet=off", "-count=1", "-timeout=30s", "-overlay", filepath.Join(dir, "overlay.json"), "-run", m.test, m.pkg}, m.flags...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
