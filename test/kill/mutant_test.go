package kill

import (
	"errors"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/test/server"
)

// Servers with one safety taken out each. The storm must catch every one of them,
// and for the right reason; otherwise its silence means nothing.
var mutants = map[string]struct {
	mutations []server.Mutation
	want      []string // any of these is the right reason
	once      bool     // no call is repeated while the server lives
}{
	"answers before the commit": {
		mutations: []server.Mutation{
			{
				File: "internal/object/commit.go",
				Old:  "lost, err := g.cfg.Journal.Commit(",
				New:  "for _, t := range tickets {\n\t\t\tt.finish(nil)\n\t\t}\n\t\tlost, err := g.cfg.Journal.Commit(",
			},
			{
				File: "internal/object/ticket.go",
				Old:  "\tt.err = err\n\tclose(t.done)",
				New:  "\tdefer func() { _ = recover() }()\n\tt.err = err\n\tclose(t.done)",
			},
		},
		want: []string{"lost:", "acknowledged was", "acknowledged: "},
		once: true,
	},
	"keeps no receipt": {
		mutations: []server.Mutation{{
			File: "internal/object/do.go",
			Old:  "t.commit.Receipt = receipt(",
			New:  "_ = receipt(",
		}},
		want: []string{" times: ", "was refused"},
		once: true,
	},
	"resumes a watch one event too far": {
		mutations: []server.Mutation{{
			File: "internal/object/follow.go",
			Old:  "w.at = from.sequence\n\t\tw.final",
			New:  "w.at = from.sequence + 1\n\t\tw.final",
		}},
		want: []string{" where ", "current or heartbeat at"},
	},
}

func TestMutantsAreCaught(t *testing.T) {
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			mutant, err := server.BuildMutant(t.TempDir(), m.mutations...)
			if err != nil {
				t.Fatal(err)
			}
			s := Storm{Binary: mutant, Dir: t.TempDir(), Cycles: 60, Seed: *seed, Once: m.once}
			report, err := s.Run(t.Context())
			if !errors.Is(err, ErrBroken) {
				t.Fatalf("seed %d: %s: the storm ended with %v", *seed, report, err)
			}
			t.Logf("caught after %s", report)
			for _, reason := range m.want {
				if strings.Contains(err.Error(), reason) {
					return
				}
			}
			t.Errorf("caught for another reason: %v", err)
		})
	}
}
