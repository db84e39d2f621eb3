package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// What of a class is looked for in the sources: in Go its packages, names and
// scopes, elsewhere the word.
var (
	counterInGo = regexp.MustCompile(`internal/counter"|counter/v1|counter\.v1|[Cc]ounter[A-Z]|"counter:`)
	counterWord = regexp.MustCompile(`(?i)counter`)
	listedPaths = regexp.MustCompile("`([a-z]+/[^`]+)`")
)

// sources are where a class may be named.
var sources = []string{"cmd", "internal", "proto", "clients/ts/src", "clients/dashboard/src"}

// A list is the files that a page says a class touched; what ends in / is all
// below it.
type list []string

// readList returns the paths in the table of a page.
func readList(page string) (list, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, fmt.Errorf("read the list of files: %w", err)
	}
	_, table, found := strings.Cut(string(text), "<!-- test/arrows reads this table. -->")
	var all list
	for _, m := range listedPaths.FindAllStringSubmatch(table, -1) {
		all = append(all, m[1])
	}
	if !found || len(all) == 0 {
		return nil, fmt.Errorf("%s has no table of files", page)
	}
	return all, nil
}

// faults compares a list with the files, under root, that name the counter.
func (l list) faults(root string) ([]string, error) {
	var faults []string
	named := map[string]bool{} // :: path of the list -> a file of it names the counter
	for _, dir := range sources {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && besides(d.Name()) {
				return skip(err)
			}
			if !speaks(path) {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
			i := slices.IndexFunc(l, func(p string) bool { return p == name || strings.HasSuffix(p, "/") && strings.HasPrefix(name, p) })
			says := names(name, text)
			switch {
			case i >= 0 && (says || strings.HasSuffix(l[i], "/")):
				named[l[i]] = true
			case says:
				faults = append(faults, name+" names the counter, and docs/classes.md does not list it")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, p := range l {
		if !named[p] {
			faults = append(faults, "docs/classes.md lists "+p+", which does not name the counter")
		}
	}
	return faults, nil
}

func names(path string, text []byte) bool {
	if strings.HasSuffix(path, ".go") {
		return counterInGo.Match(text)
	}
	return counterWord.Match(text)
}

// besides are directories that hold no sources of ours, or only those of tests.
func besides(dir string) bool {
	return dir == "gen" || dir == "dist" || dir == "testdata" || dir == "node_modules" || strings.HasSuffix(dir, "test")
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

// speaks reports whether a file is a source, of the program and not of its tests.
func speaks(path string) bool {
	switch filepath.Ext(path) {
	case ".go":
		return !strings.HasSuffix(path, "_test.go")
	case ".proto", ".ts", ".tsx", ".sql":
		return true
	}
	return false
}
