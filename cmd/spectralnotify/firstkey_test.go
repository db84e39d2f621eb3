package main

import (
	"errors"
	"testing"
)

// A crash may come after any step. Whatever it leaves, the next start must end
// with a key that is both valid and kept.
func TestACrashLeavesNoKeyThatNobodyHas(t *testing.T) {
	if lost := crashes(layDown); lost != 0 {
		t.Errorf("%d of the crashes leave a valid key that nobody has", lost)
	}
}

func TestTheOtherOrderLosesTheKey(t *testing.T) {
	mutant := func(keep, validate func() error) error { return layDown(validate, keep) }
	if lost := crashes(mutant); lost == 0 {
		t.Error("the test does not notice the wrong order")
	}
}

// crashes counts the crashes after which the next start has a valid key that is
// not kept.
func crashes(lay func(keep, validate func() error) error) (lost int) {
	crash := errors.New("crash")
	for after := range 3 {
		kept, valid := "", ""
		start := func(key string, steps int) {
			if valid != "" {
				return // there is a key: none is made
			}
			step := func(set *string) func() error {
				return func() error {
					if steps--; steps < 0 {
						return crash
					}
					*set = key
					return nil
				}
			}
			_ = lay(step(&kept), step(&valid)) // the crash
		}
		start("first", after)
		start("second", 2)
		if valid == "" || kept != valid {
			lost++
		}
	}
	return lost
}
