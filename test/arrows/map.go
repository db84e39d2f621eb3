package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A houseMap is who imports whom, and what is wrong with it.
type houseMap struct {
	floors map[string]int
	arrows map[string][]string // :: room -> rooms it imports
	faults []string
}

// newMap draws the map. Faults are: a room without a floor, a floor without a
// room, an arrow upwards, an arrow to what only tests may import.
func newMap(floors map[string]int, packages []goPackage) *houseMap {
	m := &houseMap{floors: floors, arrows: map[string][]string{}}
	seen := map[string]bool{}
	for _, p := range packages {
		room, ok := roomOf(p.ImportPath, p.Module.Path)
		if !ok {
			continue
		}
		seen[room] = true
		if !m.isRoom(room) {
			continue // support for tests may import anything
		}
		for _, path := range p.Imports {
			if to, ok := roomOf(path, p.Module.Path); ok {
				m.draw(room, to)
			}
		}
	}
	for room := range seen {
		if !m.isRoom(room) && !isTestSupport(room) {
			m.fault("internal/%s has no floor in docs/architecture.md", room)
		}
	}
	for room := range floors {
		if !seen[room] {
			m.fault("docs/architecture.md has %s, but there is no internal/%s", room, room)
		}
	}
	slices.Sort(m.faults)
	return m
}

// roomOf returns the path below internal/ of a package of the module.
func roomOf(path, module string) (string, bool) {
	return strings.CutPrefix(path, module+"/internal/")
}

func (m *houseMap) isRoom(name string) bool {
	_, ok := m.floors[name]
	return ok
}

// isTestSupport reports whether a package helps tests only.
func isTestSupport(name string) bool {
	return name == "powerfail" || strings.HasSuffix(name, "test")
}

func (m *houseMap) draw(from, to string) {
	m.arrows[from] = append(m.arrows[from], to)
	switch {
	case isTestSupport(to):
		m.fault("internal/%s imports internal/%s, which is for tests only", from, to)
	case m.isRoom(to) && m.floors[to] > m.floors[from]:
		m.fault("internal/%s (floor %d) imports internal/%s (floor %d): an arrow upwards", from, m.floors[from], to, m.floors[to])
	}
}

func (m *houseMap) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

// String draws the house, top floor first.
func (m *houseMap) String() string {
	var b strings.Builder
	rooms := slices.SortedFunc(maps.Keys(m.floors), func(a, b string) int {
		if d := m.floors[b] - m.floors[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, room := range rooms {
		to := slices.Sorted(slices.Values(m.arrows[room]))
		fmt.Fprintf(&b, "%d  %s\n", m.floors[room], strings.TrimSpace(fmt.Sprintf("%-8s -> %s", room, strings.Join(to, " "))))
	}
	return b.String()
}
