package work_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/spectralnotify/spectralnotify/cmd/spectralnotify/internal/work"
)

func plans(seed uint64, n int) []work.Plan {
	p := work.NewPlanner(seed)
	out := make([]work.Plan, n)
	for i := range out {
		out[i] = p.Next()
	}
	return out
}

func TestPlansKeepToTheRulesOfTasks(t *testing.T) {
	seed := rand.Uint64()
	ends := map[work.Verb]int{}
	down := 0
	ids := map[string]bool{}
	for _, p := range plans(seed, 2000) {
		if ids[p.ID] {
			t.Fatalf("seed %d: the id %s comes again", seed, p.ID)
		}
		ids[p.ID] = true
		if d := p.Duration().Round(time.Millisecond); d < work.Shortest || d > work.Longest {
			t.Errorf("seed %d: %s takes %v", seed, p.ID, d)
		}
		last := len(p.Steps) - 1
		top := 0
		for i, s := range p.Steps {
			if s.After < 0 || s.Percent < 0 || s.Percent > 99 {
				t.Fatalf("seed %d: %s has the step %+v", seed, p.ID, s)
			}
			if final := s.Verb >= work.Complete; final != (i == last) {
				t.Fatalf("seed %d: step %d of %d of %s ends it: %v", seed, i, last, p.ID, final)
			}
			if s.Verb == work.Progress {
				if s.Percent < top {
					down++
				}
				top = s.Percent
			}
			if s.Verb == work.Fail && s.Text == "" {
				t.Errorf("seed %d: %s fails without a word", seed, p.ID)
			}
			asStruct(t, s.Metadata)
		}
		asStruct(t, p.Metadata)
		ends[p.Steps[last].Verb]++
	}
	if ends[work.Complete] < 1200 || ends[work.Fail] < 50 || ends[work.Cancel] < 50 || down == 0 {
		t.Errorf("seed %d: ends %v, %d totals grew: not a believable lot", seed, ends, down)
	}
}

func TestASeedRepeatsItsPlansAndAnotherDoesNot(t *testing.T) {
	if !reflect.DeepEqual(plans(7, 50), plans(7, 50)) {
		t.Error("one seed made two sets of plans")
	}
	if reflect.DeepEqual(plans(7, 5), plans(8, 5)) {
		t.Error("two seeds made the same plans")
	}
}

func asStruct(t *testing.T, m map[string]any) {
	t.Helper()
	if _, err := structpb.NewStruct(m); err != nil {
		t.Fatal(err)
	}
}
