package once

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/spectralnotify/spectralnotify/test/server"
	"github.com/spectralnotify/spectralnotify/test/wire"
)

// scenarios are what may happen to a call and to its server.
var scenarios = map[string]func(*stand) error{
	"the connection is cut when the request has been written": func(s *stand) error {
		if _, err := s.first(create("t")); err != nil {
			return err
		}
		for n := range 8 {
			c := note("t", fmt.Sprint("cut ", n))
			if _, err := s.lose(c, false); err != nil {
				return err
			}
			answer, _, err := s.make(c)
			if err != nil {
				return err
			}
			if err := s.again(c, answer); err != nil {
				return err
			}
		}
		return s.says("t", "cut 0", "cut 1", "cut 2", "cut 3", "cut 4", "cut 5", "cut 6", "cut 7")
	},
	"the answer does not arrive": func(s *stand) error {
		if _, err := s.first(create("t")); err != nil {
			return err
		}
		c := note("t", "once")
		lost, err := s.lose(c, true)
		if err != nil {
			return err
		}
		return errors.Join(s.again(c, lost), s.says("t", "once"))
	},
	"sixteen make the same call at once": func(s *stand) error {
		if _, err := s.first(create("t")); err != nil {
			return err
		}
		return errors.Join(s.sixteen(note("t", "once")), s.says("t", "once"))
	},
	"the server is killed between the commit and the answer": func(s *stand) error {
		return s.survive((*server.Process).Kill)
	},
	"the server is stopped in peace": func(s *stand) error {
		return s.survive((*server.Process).Stop)
	},
	"the server is killed under sixteen calls": func(s *stand) error {
		if _, err := s.first(create("t")); err != nil {
			return err
		}
		c := note("t", "once")
		under := make(chan error, 1)
		go func() { under <- s.sixteen(c) }()
		if err := s.restart((*server.Process).Kill); err != nil {
			return err
		}
		<-under // whatever they were told
		answer, _, err := s.make(c)
		if err != nil {
			return err
		}
		return errors.Join(s.again(c, answer), s.says("t", "once"))
	},
	"the creation of a task whose id the server makes": func(s *stand) error {
		c := call{"Create", "made", map[string]any{"type": "made"}}
		lost, err := s.lose(c, true)
		if err != nil {
			return err
		}
		if err := s.again(c, lost); err != nil {
			return err
		}
		if err := s.restart((*server.Process).Kill); err != nil {
			return err
		}
		var listed struct {
			Tasks []wire.Task `json:"tasks"`
		}
		if _, err := s.client.Call(s.ctx, "ListAll", "", struct{}{}, &listed); err != nil {
			return err
		}
		if len(listed.Tasks) != 1 || listed.Tasks[0].TaskID != lost.Task.TaskID {
			return fmt.Errorf("the list shows %+v, created was %q once", listed.Tasks, lost.Task.TaskID)
		}
		return s.again(c, lost)
	},
	"the id is used again": func(s *stand) error {
		old := []call{create("t"), note("t", "old"), remove("t")}
		var first []wire.Answer
		for _, c := range old {
			answer, err := s.first(c)
			if err != nil {
				return err
			}
			first = append(first, answer)
		}
		anew := create("t")
		anew.key = "create t anew"
		if _, err := s.first(anew); err != nil {
			return err
		}
		if _, err := s.first(note("t", "new")); err != nil {
			return err
		}
		for i, c := range old { // the Delete too: the new task stays
			if err := s.again(c, first[i]); err != nil {
				return err
			}
		}
		return s.says("t", "new")
	},
}

// survive loses an answer, ends the process and makes the call again.
func (s *stand) survive(end func(*server.Process) error) error {
	var lost []wire.Answer
	calls := []call{create("t"), note("t", "once"), create("u"), remove("u")}
	for _, c := range calls {
		answer, err := s.lose(c, true)
		if err != nil {
			return err
		}
		lost = append(lost, answer)
	}
	if err := s.restart(end); err != nil {
		return err
	}
	for i, c := range calls {
		if err := s.again(c, lost[i]); err != nil {
			return err
		}
	}
	return s.says("t", "once")
}

// sixteen makes one call from sixteen places at once; all must be told the same,
// and all but one that it is a replay.
func (s *stand) sixteen(c call) error {
	type told struct {
		answer   wire.Answer
		replayed bool
		err      error
	}
	all := make(chan told, 16)
	for range cap(all) {
		go func() {
			answer, replayed, err := s.make(c)
			all <- told{answer, replayed, err}
		}()
	}
	first := <-all
	fresh, fault := 0, first.err
	for n, one := 1, first; ; n++ {
		if !one.replayed {
			fresh++
		}
		if one.err != nil || !reflect.DeepEqual(one.answer, first.answer) {
			fault = errors.Join(fault, fmt.Errorf("told %+v, %v; another %+v", one.answer, one.err, first.answer))
		}
		if n == cap(all) {
			break
		}
		one = <-all
	}
	if fresh != 1 {
		fault = errors.Join(fault, fmt.Errorf("it happened %d times", fresh))
	}
	return fault
}

func TestACallThatIsMadeAgainHasHappenedOnce(t *testing.T) {
	binary, err := server.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(newStand(t, binary)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A server that keeps no receipts must fail every scenario, or it shows nothing.
func TestAServerWithoutReceiptsIsCaught(t *testing.T) {
	mutant, err := server.BuildMutant(t.TempDir(), server.Mutation{
		File: "internal/object/do.go", Old: "t.commit.Receipt = receipt(", New: "_ = receipt(",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, run := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(newStand(t, mutant)); err == nil {
				t.Error("not caught")
			} else {
				t.Log("caught:", err)
			}
		})
	}
}
