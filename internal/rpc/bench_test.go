package rpc_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect"

	taskv1 "github.com/spectralnotify/spectralnotify/gen/spectralnotify/task/v1"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
)

// Durable calls over real HTTP/1.1 by 32 clients, each with a task of its own,
// client and server on the same cores.
func BenchmarkUpdateProgress(b *testing.B) {
	for name, opts := range map[string][]connect.ClientOption{"proto": nil, "json": {connect.WithProtoJSON()}} {
		b.Run(name, func(b *testing.B) {
			s := rpctest.Start(b, rpctest.Config{})
			c := s.Client(s.Key, opts...)
			const clients = 32
			for i := range clients {
				if _, err := c.Create(b.Context(), &taskv1.CreateRequest{TaskId: fmt.Sprint(i)}); err != nil {
					b.Fatal(err)
				}
			}
			ids := make(chan string, clients)
			for i := range clients {
				ids <- fmt.Sprint(i)
			}
			b.SetParallelism(clients / 2)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				id := <-ids
				defer func() { ids <- id }()
				for p := int32(0); pb.Next(); p++ {
					if _, err := c.UpdateProgress(b.Context(), &taskv1.UpdateProgressRequest{TaskId: id, Progress: p % 100}); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
