package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

// populate makes objects that differ in everything that is filtered by, and
// returns them as they stand.
func populate(t *testing.T, l *ledger.Ledger, n int) []journal.Row {
	r := rand.New(rand.NewPCG(1, 1))
	var rows []journal.Row
	for i := range n {
		row := journal.Row{
			Key:        journal.Key{Class: "task", ID: fmt.Sprintf("%c%c-%d", 'a'+r.IntN(3), 'a'+r.IntN(3), i)},
			Generation: l.Reserve(), Status: 1 + r.IntN(5), CreatedAt: int64(1000 + i), UpdatedAt: int64(2000 + r.IntN(n)), State: []byte("s"),
			Type: []string{"", "video", "mail"}[r.IntN(3)], CreatedBy: []string{"", "ann", "bob"}[r.IntN(3)],
		}
		for _, tag := range []string{"blue", "red"} {
			if r.IntN(2) == 0 {
				row.Tags = append(row.Tags, tag)
			}
		}
		if i%10 == 9 {
			row.Class = "counter"
		}
		rows = append(rows, row)
	}
	for i := range rows {
		row := &rows[i]
		row.Sequence, row.Hash = 1, journal.Hash(0, row.State)
		c := journal.Commit{Op: journal.OpCreate, Row: *row, Entries: []journal.Entry{{Sequence: 1, Hash: row.Hash, Data: row.State}}}
		if i%2 == 0 {
			c.Detail = &journal.Detail{Metadata: fmt.Appendf(nil, `{"n":%d}`, i)}
		}
		batch := []journal.Commit{c}
		put(t, l, batch...)
		row.LSN = batch[0].Row.LSN
	}
	for range n / 2 {
		row := &rows[r.IntN(n)]
		c := journal.Commit{Op: journal.OpAppend, Was: row.Status, Expect: row.Sequence}
		row.Sequence++
		row.Status = 1 + r.IntN(5)
		row.Hash = journal.Hash(row.Hash, row.State)
		c.Row = *row
		c.Entries = []journal.Entry{{Sequence: row.Sequence, Hash: row.Hash, Data: row.State}}
		batch := []journal.Commit{c}
		put(t, l, batch...)
		row.LSN = batch[0].Row.LSN
	}
	return rows
}

// match is the filter as its comments say it.
func match(f *journal.Filter, row journal.Row) bool {
	for _, tag := range f.Tags {
		if !slices.Contains(row.Tags, tag) {
			return false
		}
	}
	return row.Class == "task" &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, row.Status)) &&
		strings.HasPrefix(row.ID, f.IDPrefix) &&
		(f.CreatedBy == "" || f.CreatedBy == row.CreatedBy) &&
		(f.Type == "" || f.Type == row.Type) &&
		(f.CreatedAfter == 0 || row.CreatedAt >= f.CreatedAfter) && (f.CreatedBefore == 0 || row.CreatedAt < f.CreatedBefore) &&
		(f.UpdatedAfter == 0 || row.UpdatedAt >= f.UpdatedAfter) && (f.UpdatedBefore == 0 || row.UpdatedAt < f.UpdatedBefore)
}

func filters() map[string]journal.Filter {
	return map[string]journal.Filter{
		"no filter":      {},
		"one status":     {Statuses: []int{2}},
		"two statuses":   {Statuses: []int{2, 4}},
		"creator":        {CreatedBy: "ann"},
		"creator+status": {CreatedBy: "ann", Statuses: []int{1}},
		"type":           {Type: "video"},
		"one tag":        {Tags: []string{"blue"}},
		"two tags":       {Tags: []string{"blue", "red"}},
		"id prefix":      {IDPrefix: "ab"},
		"prefix of all":  {IDPrefix: "\xff"},
		"created":        {CreatedAfter: 1050, CreatedBefore: 1100},
		"updated":        {UpdatedAfter: 2050, UpdatedBefore: 2100},
		"everything": {
			Statuses: []int{1, 2, 3, 4}, IDPrefix: "a", CreatedBy: "bob", Tags: []string{"red"}, Type: "mail",
			CreatedAfter: 1001, CreatedBefore: 9999, UpdatedAfter: 2001, UpdatedBefore: 9999,
		},
	}
}

func TestListFindsWhatMatchesPageByPage(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	rows := populate(t, l, 200)
	for name, f := range filters() {
		for _, order := range []journal.Order{journal.ByCreated, journal.ByUpdated} {
			var want, got []string
			sorted := slices.Clone(rows)
			slices.SortFunc(sorted, func(a, b journal.Row) int {
				if order == journal.ByUpdated {
					return int(b.LSN - a.LSN)
				}
				return int(b.Generation - a.Generation)
			})
			for _, row := range sorted {
				if match(&f, row) {
					want = append(want, row.ID)
				}
			}
			q := journal.Query{Class: "task", Filter: f, Order: order, Limit: 7, Detail: true}
			for {
				page, err := l.List(t.Context(), q)
				if err != nil {
					t.Fatal(name, err)
				}
				if page.Count != int64(len(want)) || page.AtLeast || page.LSN != l.LSN() {
					t.Errorf("%s: count %d, at least %v, position %d; want %d, %d", name, page.Count, page.AtLeast, page.LSN, len(want), l.LSN())
				}
				for _, o := range page.Rows {
					got = append(got, o.Row.ID)
					if meta := fmt.Sprintf(`{"n":%d}`, o.Row.CreatedAt-1000); o.Row.CreatedAt%2 == 0 && string(o.Detail.Metadata) != meta {
						t.Errorf("%s: metadata of %s is %s", name, o.Row.ID, o.Detail.Metadata)
					}
				}
				if page.Next == 0 {
					break
				}
				q.Before = page.Next
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, order %d:\n got %v\nwant %v", name, order, got, want)
			}
		}
	}
}

func TestTalliesCountEachStatus(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	rows := populate(t, l, 100)
	gone := rows[0]
	put(t, l, journal.Commit{Op: journal.OpDelete, Row: gone, Expect: gone.Sequence, Was: gone.Status})
	want := map[int]int64{}
	for _, row := range rows[1:] {
		if row.Class == "task" {
			want[row.Status]++
		}
	}
	tallies, lsn, err := l.Tallies(t.Context(), "task")
	if err != nil || lsn != l.LSN() {
		t.Fatal(lsn, err)
	}
	got := map[int]int64{}
	for _, y := range tallies {
		got[y.Status] = y.Count
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestListUsesAnIndexForEachFilter(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	populate(t, l, 100)
	for name, f := range filters() {
		for _, order := range []journal.Order{journal.ByCreated, journal.ByUpdated} {
			plans, err := l.Plans(t.Context(), journal.Query{Class: "task", Filter: f, Order: order, Limit: 10})
			if err != nil {
				t.Fatal(name, err)
			}
			for _, plan := range plans {
				if strings.Contains(plan, "SCAN object") || strings.Contains(plan, "SCAN tag") || strings.Contains(plan, "SCAN detail") {
					t.Errorf("%s, order %d: %s", name, order, plan)
				}
			}
		}
	}
}

func TestListRefusesAnEmptyPage(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	if _, err := l.List(t.Context(), journal.Query{Class: "task"}); err == nil {
		t.Error("a page of 0 rows")
	}
}

func TestListCountsUpTo10000(t *testing.T) {
	var c clock
	l := open(t, c.config(t.TempDir()))
	for range 10 {
		var batch []journal.Commit
		for range 1010 {
			var row journal.Row
			c := event(&row, fmt.Sprint("n", l.Reserve()), l)
			c.Row.Type = "video"
			batch = append(batch, c)
		}
		put(t, l, batch...)
	}
	for name, want := range map[string]struct {
		filter  journal.Filter
		count   int64
		atLeast bool
	}{
		"by the tally": {journal.Filter{CreatedBy: "ann"}, 10100, false},
		"one by one":   {journal.Filter{Type: "video"}, 10000, true},
	} {
		page, err := l.List(t.Context(), journal.Query{Class: "task", Filter: want.filter, Limit: 5})
		if err != nil || page.Count != want.count || page.AtLeast != want.atLeast {
			t.Errorf("%s: %d, at least %v, %v; want %d, %v", name, page.Count, page.AtLeast, err, want.count, want.atLeast)
		}
		if len(page.Rows) != 5 {
			t.Errorf("%s: %d rows", name, len(page.Rows))
		}
	}
}
