// Power cuts the power under store, ledger and the whole house, lets each test
// meet the mutants it must catch, and prints one line that sums up. Flags are
// those of the tests, such as
//
//	go run ./test/power -crashes 100000 -seed 7
//	go run ./test/power -soak 2h
//
// It exits 1 if anything was lost or corrupt, or a mutant was not caught.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// suites are the packages that cut the power; names are the tests that do.
var (
	suites = []string{"./internal/store", "./internal/ledger", "./internal/object/powertest"}
	names  = "^(TestAnyOperationMayFail|TestNothingIsLostWhenThePowerFails|TestEachSafetyIsNeeded|" +
		"TestAFaultIsToldAndPasses|TestEachSafetyAgainstFaultsIsNeeded|TestNoFlippedBitIsServedOrStopsTheObject)$"
)

// moves are what is done once in a while with all the data: backups, restores and
// migrations. They count no crashes, since they are cut at each operation.
var moves = []string{
	"test", "-json", "-count=1", "-run=^(TestA(Backup|Restore)ThatIsCut.*|TestEachSafetyOfA.*IsNeeded|TestAMigration(ThatIsCut|InPieces).*)$",
	"./internal/backup", "./internal/store",
}

// mutants takes safeties out of the source, for the same tests.
var mutants = []string{"test", "-json", "-count=1", "-run=^TestPowerCutsCatchEveryMutant$", "./test/mutant"}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "power:", err)
		os.Exit(1)
	}
}

func run(flags []string) error {
	start := time.Now()
	cuts := append([]string{"test", "-json", "-count=1", "-run=" + names}, suites...)
	soaks := false
	for _, f := range flags {
		soaks = soaks || strings.HasPrefix(strings.TrimLeft(f, "-"), "soak")
	}
	commands := [][]string{append(cuts, flags...), moves, mutants}
	if soaks {
		cuts = append([]string{"test", "-json", "-count=1", "-timeout=0", "-run=" + names}, suites...)
		commands = [][]string{append(cuts, flags...)}
	}
	s := newSummary(os.Stdout)
	errs := make(chan error, len(commands))
	for _, c := range commands {
		go func() { errs <- s.follow(exec.Command("go", c...)) }()
	}
	var failed error
	for range commands {
		if err := <-errs; err != nil {
			failed = err
		}
	}
	fmt.Printf("%s, %s\n", s, time.Since(start).Round(time.Second))
	if failed != nil {
		return failed
	}
	return s.verdict()
}
