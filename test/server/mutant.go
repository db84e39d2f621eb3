package server

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Mutation replaces a piece of one source file, which must be there exactly
// once, when a mutant is built.
type Mutation struct {
	File string // below the module's directory
	Old  string
	New  string
}

// BuildMutant builds the binary with a safety taken out, into dir, and returns
// its path. It fails as Overlay does.
func BuildMutant(dir string, mutations ...Mutation) (string, error) {
	file, err := Overlay(dir, mutations...)
	if err != nil {
		return "", err
	}
	return Build(dir, "-overlay", file)
}

// Overlay writes what `go build -overlay` takes to lay mutations over the source,
// into dir, and returns its path. The source is not touched. A mutation that does
// not fit the source any more is an error: a mutant that changes nothing proves
// nothing.
func Overlay(dir string, mutations ...Mutation) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("server: find the module: %w", err)
	}
	root := strings.TrimSpace(string(out))
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for i, m := range mutations {
		path := filepath.Join(root, m.File)
		from := path
		if before, ok := overlay.Replace[path]; ok {
			from = before // the second in one file
		}
		changed := filepath.Join(dir, fmt.Sprintf("mutation%d.go", i))
		if err := mutate(from, changed, m); err != nil {
			return "", err
		}
		overlay.Replace[path] = changed
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		return "", fmt.Errorf("server: mutant: %w", err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		return "", fmt.Errorf("server: mutant: %w", err)
	}
	return file, nil
}

func mutate(path, to string, m Mutation) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("server: mutant: %w", err)
	}
	if n := strings.Count(string(source), m.Old); n != 1 {
		return fmt.Errorf("server: mutant: %s has %d places that read %q, want 1: fit the mutation to the source", m.File, n, m.Old)
	}
	changed := strings.Replace(string(source), m.Old, m.New, 1)
	if err := os.WriteFile(to, []byte(changed), 0o600); err != nil {
		return fmt.Errorf("server: mutant: %w", err)
	}
	return nil
}
