package store

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3/ext/serdes"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// New files of 12 events each, durable when they are counted.
func BenchmarkFirst(b *testing.B) {
	for _, writers := range []int{1, 2, 4} {
		for _, batch := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("writers=%d/batch=%d", writers, batch), func(b *testing.B) {
				s := newStore(b)
				proto := newLife(b, 1, 12).home(true, 0, 12)
				var next atomic.Int64
				var wg sync.WaitGroup
				b.ResetTimer()
				for range writers {
					wg.Go(func() {
						for {
							hi := next.Add(int64(batch))
							if hi-int64(batch) >= int64(b.N) {
								return
							}
							work := make([]taskHomecoming, batch)
							for i := range work {
								work[i] = proto
								work[i].Row.Generation = hi - int64(i)
							}
							for _, err := range s.Write(b.Context(), work) {
								if err != nil {
									b.Error(err)
								}
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
			})
		}
	}
}

// What building the bytes costs, and what it would cost to copy them out of a
// database in memory instead.
func BenchmarkBuild(b *testing.B) {
	s := newStore(b)
	w := newLife(b, 1, 12).home(true, 0, 12)
	b.Run("template", func(b *testing.B) {
		bench, err := s.benches.get()
		if err != nil {
			b.Fatal(err)
		}
		defer s.benches.put(bench, nil)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.build(bench, &w); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("serialize", func(b *testing.B) {
		c, err := sqlite.Open(sqlite.Config{Path: ":memory:", PageSize: pageSize})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		if err := sqlite.Migrate(c, s.schema.steps, applicationID); err != nil {
			b.Fatal(err)
		}
		head, err := sqlite.Prepare(c, s.schema.insertHead)
		if err != nil {
			b.Fatal(err)
		}
		defer head.Close()
		event, err := sqlite.Prepare(c, s.schema.insertEvent)
		if err != nil {
			b.Fatal(err)
		}
		defer event.Close()
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Exec("BEGIN; DELETE FROM task_metadata; DELETE FROM task_history"); err != nil {
				b.Fatal(err)
			}
			if err := run(head, s.headRow(&w, 1)...); err != nil {
				b.Fatal(err)
			}
			for i := range w.Records {
				if err := run(event, s.eventRow(&w.Records[i])...); err != nil {
					b.Fatal(err)
				}
			}
			if err := c.Exec("COMMIT"); err != nil {
				b.Fatal(err)
			}
			if _, err := serdes.Serialize(c, "main"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Changes in place: four events to a file of twelve and more.
func BenchmarkAppend(b *testing.B) {
	s := newStore(b)
	l := newLife(b, 1, 12+4*1000)
	write(b, s, l.home(true, 0, 12))
	at := 12
	for b.Loop() {
		if at+4 > len(l.records) {
			at = 12
			write(b, s, l.home(true, 0, 12))
		}
		write(b, s, l.home(false, at, at+4))
		at += 4
	}
}

func BenchmarkHistory(b *testing.B) {
	s := newStore(b)
	l := newLife(b, 1, 50)
	write(b, s, l.home(true, 0, 50))
	for b.Loop() {
		if _, err := s.History(b.Context(), 1, all); err != nil {
			b.Fatal(err)
		}
	}
}

// The bare cost of the disk for one new file of 7 KiB, made durable at once.
func BenchmarkDisk(b *testing.B) {
	dir := b.TempDir()
	data := make([]byte, 7<<10)
	n := 0
	for b.Loop() {
		n++
		f, err := osDisk{}.Create(filepath.Join(dir, fmt.Sprint(n)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
