package object

import (
	"bytes"
	"errors"
	"testing"
)

func TestEncodedKeepsWhatFits(t *testing.T) {
	made := map[string]int{}
	get := func(e *Encoded, name string, size int) {
		t.Helper()
		data, err := e.Get(name, func() ([]byte, error) { made[name]++; return bytes.Repeat([]byte(name), size), nil })
		if err != nil || len(data) != size*len(name) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
	e := &Encoded{room: 100}
	for range 3 {
		get(e, "a", 60)
		get(e, "b", 50) // does not fit beside a
		get(e, "c", 40)
		if _, err := e.Get("d", func() ([]byte, error) { made["d"]++; return nil, errors.New("no") }); err == nil {
			t.Error("an error was kept as an encoding")
		}
	}
	for name, want := range map[string]int{"a": 1, "b": 3, "c": 1, "d": 3} {
		if made[name] != want {
			t.Errorf("%s was made %d times, want %d", name, made[name], want)
		}
	}
}
