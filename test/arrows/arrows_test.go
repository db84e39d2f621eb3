package main

import (
	"slices"
	"strings"
	"testing"
)

func TestTheHouseHasNoArrowUpwards(t *testing.T) {
	floors, err := readFloors("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	packages, err := listPackages("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range newMap(floors, packages).faults {
		t.Error(f)
	}
}

// Without faults in it the map proves nothing: each sort of fault is drawn once.
func TestFaultsAreFound(t *testing.T) {
	floors := map[string]int{"service": 4, "object": 3, "ledger": 1, "ghost": 2}
	for name, tt := range map[string]struct {
		from string
		to   string
		want string
	}{
		"arrow upwards":       {"object", "service", "an arrow upwards"},
		"room without floor":  {"attic", "object", "internal/attic has no floor"},
		"import of a test":    {"ledger", "object/journaltest", "for tests only"},
		"floor without room":  {"service", "object", "no internal/ghost"},
		"test helper in room": {"object", "powerfail", "for tests only"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMap(floors, []goPackage{{
				ImportPath: "example.com/internal/" + tt.from,
				Imports:    []string{"fmt", "example.com/internal/" + tt.to},
				Module:     struct{ Path string }{"example.com"},
			}})
			if !slices.ContainsFunc(m.faults, func(f string) bool { return strings.Contains(f, tt.want) }) {
				t.Errorf("faults %q: want one with %q", m.faults, tt.want)
			}
		})
	}
}

func TestArrowsDownwardsAreFine(t *testing.T) {
	m := newMap(map[string]int{"object": 3, "ledger": 1}, []goPackage{
		{ImportPath: "x/internal/object", Imports: []string{"x/internal/ledger", "x/gen/y"}, Module: struct{ Path string }{"x"}},
		{ImportPath: "x/internal/ledger", Module: struct{ Path string }{"x"}},
		{ImportPath: "x/internal/object/journaltest", Imports: []string{"x/internal/object"}, Module: struct{ Path string }{"x"}},
	})
	if len(m.faults) > 0 {
		t.Error(m.faults)
	}
	if want := "3  object   -> ledger\n1  ledger   ->\n"; m.String() != want {
		t.Errorf("map %q, want %q", m, want)
	}
}
