package main

import "testing"

func TestMemoryIsGivenBackWhenARestBegins(t *testing.T) {
	const much = quietBytes
	r := rest{allocated: 10 * much}
	var at uint64 = 10 * much
	for i, look := range []struct {
		more uint64
		want bool
	}{
		{much, false},    // busy
		{much - 1, true}, // a rest begins
		{0, false},       // and lasts
		{much, false},    // busy again
		{much, false},
		{100, true},
	} {
		at += look.more
		if got := r.begins(at); got != look.want {
			t.Errorf("look %d, %d bytes more: %v", i, look.more, got)
		}
	}
}
