package kill

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/soak"
)

var (
	cycles = flag.Int("cycles", 50, "how often to kill the server")
	seed   = flag.Uint64("seed", 0, "of the storm; 0 draws one")
)

// buildDir is where the binary of all tests of the package is built.
var buildDir string

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	var err error
	if buildDir, err = os.MkdirTemp("", "kill"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) { return server.Build(buildDir) })

// binary returns the server that all tests of the package run.
func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// An OK survives kill -9; nothing that was shown is lost; listing and tasks agree;
// watchers see each sequence exactly once; at rest the data has no fault.
func TestKill(t *testing.T) {
	soak.Rounds(t, *seed, func(seed uint64) {
		s := Storm{Binary: binary(t), Dir: t.TempDir(), Cycles: *cycles, Seed: seed}
		report, err := s.Run(t.Context())
		t.Logf("%s; seed %d", report, seed)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		if report.Kills < *cycles || report.Watched == 0 {
			t.Errorf("a storm without load proves nothing: %s", report)
		}
		doctor(t, s.Dir)
	})
}

// doctor asks the binary to check the data at rest.
func doctor(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), recoverWithin)
	defer cancel()
	if out, err := exec.CommandContext(ctx, binary(t), "doctor", "--data-dir", dir).CombinedOutput(); err != nil {
		t.Errorf("doctor after the storm: %v\n%s", err, out)
	}
}
