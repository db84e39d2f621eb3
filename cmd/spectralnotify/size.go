package main

import (
	"fmt"
	"strconv"
	"strings"
)

// size is a number of bytes: 1073741824, 1GiB or 512 MiB.
type size int64

var units = map[string]int64{"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

// UnmarshalText reads the flag.
func (s *size) UnmarshalText(text []byte) error {
	word := strings.TrimSpace(string(text))
	digits := strings.TrimRight(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit, known := units[strings.ToLower(strings.TrimSpace(word[len(digits):]))]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is not a size, give a number of bytes, or one with KiB, MiB, GiB", text)
	}
	*s = size(n * unit)
	return nil
}
