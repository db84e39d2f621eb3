package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheCounterTouchedWhatThePageSays(t *testing.T) {
	files, err := readList("../../docs/classes.md")
	if err != nil {
		t.Fatal(err)
	}
	faults, err := files.faults("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

// The comparison proves nothing unless it finds each sort of fault.
func TestFilesThatAreNotListedAreFound(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"cmd/listed.go":                        `import "x/internal/counter"`,
		"cmd/silent.go":                        "package main // counts the loops",
		"internal/object/stray.go":             `import counterv1 "x/gen/counter/v1"`,
		"internal/object/stray_test.go":        `import "x/internal/counter"`,
		"internal/counter/doc.go":              "package counter",
		"proto/a.proto":                        "message Counter {}",
		"clients/ts/src/gen/b.ts":              "counter",
		"clients/dashboard/src/pages/list.tsx": "tasks",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	faults, err := list{"cmd/listed.go", "cmd/silent.go", "internal/counter/", "cmd/gone.go"}.faults(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"cmd/gone.go", "cmd/silent.go", "internal/object/stray.go", "proto/a.proto"}
	if len(faults) != len(want) {
		t.Errorf("faults %q, want %d", faults, len(want))
	}
	for _, file := range want {
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, file) }) {
			t.Errorf("faults %q: want one of %s", faults, file)
		}
	}
}
