// Arrows prints which rooms of the house import which, and exits 1 if an arrow
// points upwards: the floors are those of docs/architecture.md, so that the page
// cannot lie.
//
//	go run ./test/arrows      # print the map
//	go run ./test/arrows -q   # print faults only
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	quiet := flag.Bool("q", false, "print faults only")
	flag.Parse()
	if err := run(*quiet); err != nil {
		fmt.Fprintln(os.Stderr, "arrows:", err)
		os.Exit(1)
	}
}

func run(quiet bool) error {
	floors, err := readFloors("docs/architecture.md")
	if err != nil {
		return err
	}
	packages, err := listPackages(".")
	if err != nil {
		return err
	}
	m := newMap(floors, packages)
	if !quiet {
		fmt.Print(m)
	}
	for _, f := range m.faults {
		fmt.Fprintln(os.Stderr, "arrows:", f)
	}
	if len(m.faults) > 0 {
		return fmt.Errorf("%d faults", len(m.faults))
	}
	return nil
}
