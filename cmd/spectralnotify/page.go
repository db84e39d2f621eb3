package main

import (
	"fmt"
	"slices"
)

// pageSize bounds a page, as the API does.
const pageSize = 1000

// readPages calls read for page after page until there are limit items, 0 is all.
// It is told how many items the page may have, and returns how many there are so
// far and whether there are more.
func readPages(limit int, read func(size int32) (n int, more bool, err error)) error {
	if limit < 0 {
		return usagef("--limit: must be 0 (all) or more, not %d", limit)
	}
	for n := 0; ; {
		size := pageSize
		if limit > 0 {
			size = min(limit-n, pageSize)
		}
		var more bool
		var err error
		if n, more, err = read(int32(size)); err != nil || !more || limit > 0 && n >= limit {
			return err
		}
	}
}

// readHistory reads pages until there are limit events, 0 is all: those after a
// number, or else the newest. It returns them oldest first, with an error those
// that came before it.
func readHistory[E interface{ GetId() int64 }](
	limit int, after *int64, read func(size int32, token string, after *int64) (page []E, next string, err error),
) (events []E, err error) {
	if after != nil && *after < 0 {
		return nil, usagef("--after: must be 0 (from the beginning) or more, not %d", *after)
	}
	token := ""
	err = readPages(limit, func(size int32) (int, bool, error) {
		page, next, err := read(size, token, after)
		events, token = append(events, page...), next
		if after == nil || len(page) == 0 {
			return len(events), next != "", err
		}
		last := page[len(page)-1].GetId()
		after = &last
		return len(events), true, err
	})
	if after == nil {
		slices.Reverse(events)
	}
	return events, err
}

// printRest says that there is more than the n things that were printed, where it
// does not get into a pipe.
func printRest(con *console, thing string, n int, answer interface {
	GetNextPageToken() string
	GetCount() int64
	GetCountIsLowerBound() bool
},
) error {
	if answer.GetNextPageToken() == "" {
		return nil
	}
	more := ""
	if answer.GetCountIsLowerBound() {
		more = "more than "
	}
	_, err := fmt.Fprintf(con.err, "%d of %s%s; --limit 0 shows all\n", n, more, count(answer.GetCount(), thing))
	return err
}
