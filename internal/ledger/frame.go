package ledger

import (
	"encoding/binary"

	"github.com/ncruces/go-sqlite3"
)

// ReadAt implements vfs.File. A page is read with its frame, which must follow
// the one before by its checksum. SQLite looks at those only when it opens the
// -wal, and a page has a checksum of its own only in the database, made when it
// is moved there: what was damaged meanwhile would be served, and be right from
// then on.
func (f *gatheringFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	const size = frameHeaderSize + pageSize
	at := off - frameHeaderSize // where the frame begins
	if len(p) != pageSize || at < walHeaderSize || (at-walHeaderSize)%size != 0 {
		return f.File.ReadAt(p, off)
	}
	if f.frame == nil {
		f.frame = make([]byte, size)
	}
	if n, _ := f.File.ReadAt(f.frame, at); n < size {
		return f.File.ReadAt(p, off) // it says what is wrong
	}
	before, order, err := f.before(at - size)
	if err != nil {
		return 0, err
	}
	s := before.add(order, f.frame[:8]).add(order, f.frame[frameHeaderSize:])
	if s != stored(f.frame[16:]) {
		return 0, sqlite3.IOERR_DATA
	}
	return copy(p, f.frame[frameHeaderSize:]), nil
}

// before returns the checksum that the frame after the one at an offset follows:
// that of the frame, or of the header if there is none.
func (f *gatheringFile) before(at int64) (sum, binary.ByteOrder, error) {
	var header [walHeaderSize]byte
	if _, err := f.File.ReadAt(header[:], 0); err != nil {
		return sum{}, nil, err
	}
	order := checksumOrder(header[:])
	if at < walHeaderSize {
		return stored(header[24:]), order, nil
	}
	_, err := f.File.ReadAt(header[:8], at+16)
	return stored(header[:8]), order, err
}
