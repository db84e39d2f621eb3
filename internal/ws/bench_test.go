package ws_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rpc/rpctest"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// What all sockets of a task get is encoded once, and they all send the same
// bytes. The mutant is a core that shares nothing.
func TestAnUpdateIsEncodedOnce(t *testing.T) {
	t.Parallel()
	const followers = 1000
	for _, tt := range []struct {
		name     string
		shared   bool
		metadata int // bytes
		want     int64
	}{
		{"shared", true, 100, 1},
		{"not shared", false, 100, followers},
		{"too large to keep", true, 10 << 10, followers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, rpctest.Config{}, nil)
			m := &object.Message[task.Task, task.Event]{
				Kind: object.Event, Sequence: 2, Cursor: "E.1.2", Events: []task.Event{{Kind: task.KindProgress, Progress: 7}},
				State: task.Task{ID: "t", Metadata: `{"k":"` + strings.Repeat("x", tt.metadata) + `"}`},
			}
			if tt.shared {
				m.Encoded = object.NewEncoded(4 << 10)
			}
			var first []byte
			for range followers {
				text, err := h.door.Update(m)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = text
				}
				if string(first) != string(text) {
					t.Fatalf("got %s, then %s", first, text)
				}
			}
			if got := h.door.Encodings(); got != tt.want {
				t.Errorf("encoded %d times for %d followers, want %d", got, followers, tt.want)
			}
		})
	}
}

// BenchmarkFanOut sends each update to 1,000 sockets of one task, over real
// connections: encoded once, and so many bytes of memory for each socket.
func BenchmarkFanOut(b *testing.B) {
	const followers = 1000
	h := start(b, rpctest.Config{}, nil)
	h.create("t")
	before := heap()
	conns := make([]net.Conn, followers)
	for i := range conns {
		conns[i] = h.dead("t")
	}
	perSocket := float64(heap()-before) / followers
	var got sync.WaitGroup
	var reading sync.WaitGroup
	for _, c := range conns {
		reading.Go(func() { frames(c, got.Done) })
	}
	made := h.door.Encodings()
	b.ResetTimer()
	for i := range b.N {
		got.Add(followers)
		h.report("t", int32(i%100))
		got.Wait()
	}
	b.StopTimer()
	b.ReportMetric(perSocket, "heap-B/socket")
	b.ReportMetric(float64(h.door.Encodings()-made)/float64(b.N), "encodings/op")
	b.ReportMetric(float64(followers*b.N)/b.Elapsed().Seconds(), "messages/s")
	for _, c := range conns {
		c.Close()
	}
	reading.Wait()
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// frames calls each for every text that arrives, until the connection ends.
func frames(c net.Conn, each func()) {
	in := bufio.NewReader(c)
	for line := ""; line != "\r\n"; { // what is left of the handshake
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			return
		}
	}
	var head [4]byte
	for {
		if _, err := io.ReadFull(in, head[:2]); err != nil {
			return
		}
		size := int(head[1])
		if size == 126 { // the length is in two more bytes; none needs eight
			if _, err := io.ReadFull(in, head[2:]); err != nil {
				return
			}
			size = int(binary.BigEndian.Uint16(head[2:]))
		}
		if _, err := in.Discard(size); err != nil {
			return
		}
		if head[0] == 0x81 { // a whole text
			each()
		}
	}
}
