package object_test

import (
	"fmt"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// BenchmarkDo measures calls below all doors: decided, durable, shown. Callers
// share one task.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			w := open(b, b.TempDir(), nil)
			w.must(create("t"))
			b.ReportAllocs()
			b.SetParallelism((callers + 1) / 2) // of two processors
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.must(note("t", "frame 12 of 100"))
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

// BenchmarkPublish measures what followers that keep up add to a call: one op is
// one event of one task, told to all of them.
func BenchmarkPublish(b *testing.B) {
	for _, followers := range []int{0, 1, 100, 1000} {
		b.Run(fmt.Sprintf("followers=%d", followers), func(b *testing.B) {
			w := open(b, b.TempDir(), nil)
			w.must(create("t"))
			told := make(chan *object.Message[task.Task, task.Event], followers)
			for range followers {
				f, err := w.Follow(b.Context(), "t", object.Follow{Forever: true})
				if err != nil {
					b.Fatal(err)
				}
				go func() {
					defer f.Close()
					for {
						m, err := f.Next(b.Context(), 0)
						if err != nil {
							return
						}
						if m.Kind == object.Event || m.Kind == object.Current {
							told <- m
						}
					}
				}()
			}
			all := func() {
				for range followers {
					<-told
				}
			}
			all()
			b.ReportAllocs()
			for b.Loop() {
				w.must(note("t", "frame 12 of 100"))
				all()
			}
		})
	}
}
