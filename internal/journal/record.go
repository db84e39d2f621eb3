package journal

import (
	"crypto/sha256"
	"encoding/binary"
)

// A Record is an event in its class's own type, with its place in the journal.
type Record[E any] struct {
	Sequence int64
	LSN      int64
	Hash     int64
	Event    E
}

// Homecoming is what writing an object home needs: the object after its last
// record, and the records its file lacks.
type Homecoming[S, E any] struct {
	Row    Row
	Detail Detail
	State  S

	// First asks for a new file that holds exactly Records, which then begin at
	// 1, whatever file exists: it was not made durable by this process and the
	// journal still has everything. Otherwise Records are added to the file.
	First   bool
	Records []Record[E]
}

// Range says which part of a history is read: events with After < sequence <=
// Upto, at most Limit of them, the newest ones if Newest is set. The answer is
// ascending in either case.
type Range struct {
	After  int64
	Upto   int64
	Limit  int
	Newest bool
}

// Hash chains an event to the one before it, whose hash is prev; 0 begins a
// chain. It is the first 8 bytes of SHA-256 over prev (8 bytes, big-endian) and
// data, read as a big-endian two's complement number so that SQLite can hold it.
func Hash(prev int64, data []byte) int64 {
	h := sha256.New()
	var p [8]byte
	binary.BigEndian.PutUint64(p[:], uint64(prev))
	h.Write(p[:])
	h.Write(data)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
