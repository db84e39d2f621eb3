package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// A goPackage is what `go list -json` says of a package, as far as we ask.
type goPackage struct {
	ImportPath string
	Imports    []string // without those of its tests
	Module     struct{ Path string }
}

var (
	floorLine = regexp.MustCompile(`^\| (\d+) \| ([^|]+) \|`)
	roomName  = regexp.MustCompile("`([a-z/]+)`")
)

// readFloors returns room -> floor from the table of a page.
func readFloors(path string) (map[string]int, error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the table of floors: %w", err)
	}
	floors := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(page))
	for lines.Scan() {
		m := floorLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		floor, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, fmt.Errorf("%s: floor %q: %w", path, m[1], err)
		}
		for _, name := range roomName.FindAllStringSubmatch(m[2], -1) {
			floors[name[1]] = floor
		}
	}
	if len(floors) == 0 {
		return nil, fmt.Errorf("%s has no table of floors", path)
	}
	return floors, lines.Err()
}

// listPackages returns the packages of the module in dir.
func listPackages(dir string) ([]goPackage, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Module", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, p)
	}
}
