package ledger_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
)

// BenchmarkCommit measures commits of one event each; one op is one commit. The
// journal is forgotten in step, so that it does not grow.
func BenchmarkCommit(b *testing.B) {
	for _, keyed := range []bool{false, true} {
		for _, objects := range []int{1, 1000} {
			for _, batch := range []int{1, 16, 32, 64} {
				b.Run(fmt.Sprintf("keyed=%v/objects=%d/batch=%d", keyed, objects, batch), func(b *testing.B) {
					benchmarkCommit(b, objects, batch, keyed)
				})
			}
		}
	}
}

func benchmarkCommit(b *testing.B, objects, batch int, keyed bool) {
	var c clock
	l, err := ledger.New(c.config(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	rows := make([]journal.Row, objects)
	data := make([]byte, 160)
	state := make([]byte, 60)
	for i := range rows {
		rows[i] = journal.Row{
			Key: journal.Key{Class: "task", ID: fmt.Sprintf("task-%08x", i*2654435761)}, Generation: l.Reserve(),
			Status: 1, CreatedBy: "svc", State: state, CreatedAt: 1, UpdatedAt: 1, Type: "video",
		}
		commit(b, l, next(&rows[i], journal.OpCreate, data))
	}
	commits := make([]journal.Commit, 0, 2*batch)
	receipts := make([]journal.Receipt, batch)
	n := 0
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuTime(b)
	for done := 0; done < b.N; done += batch {
		commits = commits[:0]
		for i := range batch {
			n++
			row := &rows[n%objects]
			c := next(row, journal.OpAppend, data)
			if keyed {
				r := &receipts[i]
				binary.LittleEndian.PutUint64(r.Digest[:], uint64(n)*0x9e3779b97f4a7c15)
				r.Row, r.Generation, r.Sequence = *row, row.Generation, row.Sequence
				c.Receipt = r
			}
			commits = append(commits, c)
			if row.Sequence%64 == 0 {
				commits = append(commits, journal.Commit{Op: journal.OpForget, Row: *row, Upto: row.Sequence})
			}
		}
		commit(b, l, commits...)
	}
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N), "cpu-ns/commit")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// cpuTime returns what the process has used of all processors, in nanoseconds:
// unlike the time that passes it does not depend on the disk.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkList measures a page of 50 of a status among many objects, with the
// exact count.
func BenchmarkList(b *testing.B) {
	var c clock
	l, err := ledger.New(c.config(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	const objects = 20_000
	var batch []journal.Commit
	for i := range objects {
		row := journal.Row{
			Key: journal.Key{Class: "task", ID: fmt.Sprintf("task-%08x", i*2654435761)}, Generation: l.Reserve(),
			Status: 1 + i%5, CreatedBy: "svc", State: make([]byte, 60), CreatedAt: int64(i), UpdatedAt: int64(i), Type: "video",
		}
		if batch = append(batch, next(&row, journal.OpCreate, make([]byte, 100))); len(batch) == 1000 {
			commit(b, l, batch...)
			batch = batch[:0]
		}
	}
	q := journal.Query{Class: "task", Filter: journal.Filter{Statuses: []int{2}}, Limit: 50}
	b.ReportAllocs()
	for b.Loop() {
		page, err := l.List(b.Context(), q)
		if err != nil || len(page.Rows) != 50 {
			b.Fatal(len(page.Rows), err)
		}
	}
}

// BenchmarkLoad reads one object at random of many that are home, which is what
// waking one costs the ledger: again and again, and each once after a start.
func BenchmarkLoad(b *testing.B) {
	for _, objects := range []int{2_000, 100_000} {
		b.Run(fmt.Sprintf("objects=%d", objects), func(b *testing.B) {
			var c clock
			dir := b.TempDir()
			keys := asleep(b, c.config(dir), objects)
			rand.Shuffle(objects, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			load := func(l *ledger.Ledger, i int) {
				if _, err := l.Load(b.Context(), keys[i%objects]); err != nil {
					b.Fatal(err)
				}
			}
			b.Run("again", func(b *testing.B) {
				l := openAt(b, c.config(dir))
				defer l.Close()
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					load(l, i)
				}
			})
			b.Run("after a start", func(b *testing.B) {
				l := openAt(b, c.config(dir))
				defer func() { l.Close() }()
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i > 0 && i%2_000 == 0 {
						b.StopTimer()
						l.Close()
						l = openAt(b, c.config(dir))
						b.StartTimer()
					}
					load(l, i)
				}
			})
		})
	}
}

func openAt(b *testing.B, cfg ledger.Config) *ledger.Ledger {
	l, err := ledger.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// asleep makes a ledger of many objects that are home, and returns their keys.
func asleep(b *testing.B, cfg ledger.Config, objects int) []journal.Key {
	l := openAt(b, cfg)
	defer l.Close()
	keys := make([]journal.Key, objects)
	var batch []journal.Commit
	for i := range keys {
		row := journal.Row{
			Key: journal.Key{Class: "task", ID: fmt.Sprintf("task-%08x", i*2654435761)}, Generation: l.Reserve(),
			Status: 1 + i%5, CreatedBy: "svc", State: make([]byte, 60), CreatedAt: int64(i), UpdatedAt: int64(i), Type: "video",
		}
		keys[i] = row.Key
		made := next(&row, journal.OpCreate, make([]byte, 100))
		made.Detail = &journal.Detail{Metadata: []byte(`{"source":"bench"}`)}
		batch = append(batch, made, journal.Commit{Op: journal.OpForget, Row: row, Upto: row.Sequence})
		if len(batch) >= 1000 || i == objects-1 {
			commit(b, l, batch...)
			batch = batch[:0]
		}
	}
	return keys
}

func next(row *journal.Row, op journal.Op, data []byte) journal.Commit {
	row.Sequence++
	row.Hash = journal.Hash(row.Hash, data)
	c := journal.Commit{Op: op, Row: *row, Expect: row.Sequence - 1, Was: row.Status}
	c.Entries = []journal.Entry{{Sequence: row.Sequence, Hash: row.Hash, Data: data}}
	return c
}

func commit(b *testing.B, l *ledger.Ledger, batch ...journal.Commit) {
	b.Helper()
	if lost, err := l.Commit(b.Context(), batch); err != nil || len(lost) != 0 {
		b.Fatal(lost, err)
	}
}
