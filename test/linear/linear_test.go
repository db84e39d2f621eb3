package linear

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/soak"
)

var (
	seed    = flag.Uint64("seed", 0, "of the load; 0 draws one")
	picture = flag.String("picture", "", "HTML `file` to draw a history into that has no order")
)

// thinkFor is how long porcupine may search.
const thinkFor = 20 * time.Second

// judge searches for an order of a history.
func judge(t *testing.T, history []porcupine.Operation) porcupine.CheckResult {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(model, history, thinkFor)
	if result == porcupine.Illegal && *picture != "" {
		if err := porcupine.VisualizePath(model, info, *picture); err != nil {
			t.Error(err)
		}
	}
	return result
}

func drawn() uint64 {
	if *seed != 0 {
		return *seed
	}
	return rand.Uint64()
}

func TestCallsOnATaskHappenOneAfterTheOther(t *testing.T) {
	binary, err := server.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	soak.Rounds(t, drawn(), func(seed uint64) {
		history, err := record(t.Context(), binary, t.TempDir(), 4, seed)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		unknown, kinds := 0, map[string]int{}
		for _, o := range history {
			out := o.Output.(output)
			if out.unknown {
				unknown++
			}
			kinds[out.code]++
		}
		t.Logf("%d calls, %d of them without an answer, by code %v; seed %d", len(history), unknown, kinds, seed)
		if got := judge(t, history); got != porcupine.Ok {
			t.Errorf("seed %d: an order of the calls: %v", seed, got)
		}
		for _, code := range []string{"", "not_found", "already_exists", "aborted", "failed_precondition"} {
			if kinds[code] == 0 {
				t.Errorf("seed %d: no call was answered with %q: the load shows too little", seed, code)
			}
		}
	})
}

// slow keeps commits under way long enough for a kill to meet them.
var slow = server.Mutation{
	File: "internal/ledger/commit.go",
	Old:  "	l.mu.Lock()\n	defer l.mu.Unlock()\n	if err := l.usable(); err != nil {\n		return nil, err\n	}\n	for i := range batch {",
	New:  "	time.Sleep(20 * time.Millisecond)\n	l.mu.Lock()\n	defer l.mu.Unlock()\n	if err := l.usable(); err != nil {\n		return nil, err\n	}\n	for i := range batch {",
}

var imports = server.Mutation{File: slow.File, Old: "\t\"fmt\"\n", New: "\t\"fmt\"\n\t\"time\"\n"}

// Servers with a safety taken out: there must be no order of what they answer.
func TestMutantsHaveNoOrder(t *testing.T) {
	for name, mutations := range map[string][]server.Mutation{
		"a read shows what is not durable": {imports, slow, {
			File: "internal/object/do.go", Old: "return o.committed, nil", New: "return o.tentative.state, nil",
		}},
		"a read shows the state before the last commit": {
			{File: "internal/object/object.go", Old: "	committed  S\n", New: "	committed  S\n	previous *S\n"},
			{File: "internal/object/show.go", Old: "	row := t.commit.Row\n	o.committed", New: "	row, previous := t.commit.Row, o.committed\n	o.previous = &previous\n	o.committed"},
			{File: "internal/object/do.go", Old: "return o.committed, nil", New: "if o.previous != nil && o.sequence > 1 {\n		return *o.previous, nil\n	}\n	return o.committed, nil"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mutant, err := server.BuildMutant(t.TempDir(), mutations...)
			if err != nil {
				t.Fatal(err)
			}
			history, err := record(t.Context(), mutant, t.TempDir(), 8, drawn())
			if err != nil {
				t.Fatal(err)
			}
			if got := judge(t, history); got != porcupine.Illegal {
				t.Errorf("an order of %d calls: %v", len(history), got)
			}
		})
	}
}

// Each line is what a few callers were told of one task; porcupine must see
// whether it can be so.
func TestTheModel(t *testing.T) {
	at := func(client int, from, to int64, in input, out output) porcupine.Operation {
		in.task = "t"
		return porcupine.Operation{ClientId: client, Input: in, Output: out, Call: from, Return: to}
	}
	created := at(0, 0, 1, input{verb: create}, output{task: state{"PENDING", 0, 1}})
	half := state{"IN_PROGRESS", 50, 2}
	update := input{verb: progress, percent: 50}
	read := func(from, to int64, s state) porcupine.Operation {
		return at(2, from, to, input{verb: get}, output{task: s})
	}
	for name, tt := range map[string]struct {
		history []porcupine.Operation
		want    porcupine.CheckResult
	}{
		"a read beside an update may show it":     {[]porcupine.Operation{at(1, 2, 9, update, output{task: half}), read(3, 4, half)}, porcupine.Ok},
		"a read beside an update need not":        {[]porcupine.Operation{at(1, 2, 9, update, output{task: half}), read(3, 4, state{"PENDING", 0, 1})}, porcupine.Ok},
		"a read after it must":                    {[]porcupine.Operation{at(1, 2, 3, update, output{task: half}), read(4, 5, state{"PENDING", 0, 1})}, porcupine.Illegal},
		"shown once, shown ever after":            {[]porcupine.Operation{at(1, 2, 9, update, output{task: half}), read(3, 4, half), read(5, 6, state{"PENDING", 0, 1})}, porcupine.Illegal},
		"what is unknown may have happened":       {[]porcupine.Operation{at(1, 2, math.MaxInt64, update, output{unknown: true}), read(8, 9, half)}, porcupine.Ok},
		"or not":                                  {[]porcupine.Operation{at(1, 2, math.MaxInt64, update, output{unknown: true}), read(8, 9, state{"PENDING", 0, 1})}, porcupine.Ok},
		"but not before it was asked for":         {[]porcupine.Operation{read(2, 3, half), at(1, 4, math.MaxInt64, update, output{unknown: true})}, porcupine.Illegal},
		"an expected sequence holds":              {[]porcupine.Operation{at(1, 2, 3, input{verb: note, expected: 7}, output{task: state{"PENDING", 0, 2}})}, porcupine.Illegal},
		"of two with one sequence one is aborted": {[]porcupine.Operation{at(1, 2, 9, input{verb: note, expected: 1}, output{task: state{"PENDING", 0, 2}}), at(2, 2, 9, input{verb: note, expected: 1}, output{code: "aborted"})}, porcupine.Ok},
		"nothing ends twice":                      {[]porcupine.Operation{at(1, 2, 3, input{verb: complete}, output{task: state{"SUCCESS", 100, 2}}), at(2, 4, 5, input{verb: fail}, output{task: state{"FAILED", 100, 3}})}, porcupine.Illegal},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judge(t, append([]porcupine.Operation{created}, tt.history...)); got != tt.want {
				t.Errorf("an order: %v, want %v", got, tt.want)
			}
		})
	}
}
