package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/ncruces/go-sqlite3/vfs"
)

// Sizes in a -wal, from https://sqlite.org/fileformat2.html#walformat.
const (
	walHeaderSize   = 32
	frameHeaderSize = 24
)

// walName returns the name of a database's -wal.
func walName(path string) string { return path + "-wal" }

// inspectWAL reads the -wal of a closed database before SQLite does, which would
// take any invalid frame for the end. It returns journal.ErrDamaged, and keeps a
// copy of the -wal, unless what follows the valid commits can be a torn write.
func inspectWAL(path, vfsName string) error {
	f, err := openRaw(walName(path), vfsName, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = checkWAL(f)
	if err == nil || !isDamaged(err) {
		return err
	}
	kept, copyErr := keepWALCopy(path, vfsName, f)
	if copyErr != nil {
		return fmt.Errorf("%w; no copy could be kept: %w", err, copyErr)
	}
	return fmt.Errorf("%w; a copy is kept as %s", err, kept)
}

func keepWALCopy(path, vfsName string, f rawFile) (string, error) {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.damaged-%d", walName(path), n)
		old, err := openRaw(name, vfsName, false)
		if err == nil {
			same := equal(old, f)
			_ = old.Close()
			if same {
				return name, nil
			}
			continue
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		return name, copyRaw(name, vfsName, f)
	}
}

func equal(a, b rawFile) bool {
	x, err1 := readAll(a)
	y, err2 := readAll(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

func readAll(f rawFile) ([]byte, error) {
	n, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

func copyRaw(name, vfsName string, f rawFile) error {
	data, err := readAll(f)
	if err != nil {
		return err
	}
	to, err := openRaw(name, vfsName, true)
	if err != nil {
		return err
	}
	_, err = to.WriteAt(data, 0)
	return errors.Join(err, to.Sync(vfs.SYNC_FULL), to.Close())
}

// cutWAL removes what a failed commit may have left behind the first frames of
// the -wal, which are those of commits that succeeded. A sync that failed may
// have lost such a rest on the disk though it can still be read; nobody shall
// build on it. Below 0 frames it does nothing.
func (l *Ledger) cutWAL(frames int64) error {
	if frames < 0 {
		return nil
	}
	f, err := openRaw(walName(l.path), l.cfg.VFS, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := openWAL(f)
	if err != nil || w == nil {
		return err
	}
	keep := walHeaderSize + frames*w.frameSize()
	if w.size <= keep {
		return nil
	}
	if err := f.Truncate(keep); err != nil {
		return fmt.Errorf("cut the -wal: %w", err)
	}
	return f.Sync(vfs.SYNC_FULL)
}

// wal is a -wal that is read from its start.
type wal struct {
	f      rawFile
	size   int64
	page   int64
	order  binary.ByteOrder
	header [walHeaderSize]byte
}

func (w *wal) frameSize() int64 { return frameHeaderSize + w.page }

func (w *wal) frames() int64 { return (w.size - walHeaderSize) / w.frameSize() }

// openWAL reads the header. It returns nil if the file is too short for a frame
// or its header says no page size.
func openWAL(f rawFile) (*wal, error) {
	size, err := f.Size()
	if err != nil || size < walHeaderSize {
		return nil, err
	}
	w := &wal{f: f, size: size}
	if _, err := f.ReadAt(w.header[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	w.order = checksumOrder(w.header[:])
	w.page = int64(binary.BigEndian.Uint32(w.header[8:]))
	if w.page < 512 || w.page > 65536 || w.page&(w.page-1) != 0 {
		w.page = pageSize // a header that cannot be right
	}
	if size < walHeaderSize+w.frameSize() {
		return nil, nil
	}
	return w, nil
}

const pageSize = 4096

// checksumOrder returns the order of the words that are summed up, by the header.
func checksumOrder(header []byte) binary.ByteOrder {
	if header[3]&1 != 0 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// sum is the running checksum of a -wal.
type sum [2]uint32

func (s sum) add(order binary.ByteOrder, b []byte) sum {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}

func stored(b []byte) sum { return sum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])} }

// checkWAL walks over the valid frames and judges the first that is not.
func checkWAL(f rawFile) error {
	w, err := openWAL(f)
	if err != nil || w == nil {
		return err
	}
	s := sum{}.add(w.order, w.header[:24])
	if s != stored(w.header[24:]) || binary.BigEndian.Uint32(w.header[:])&^1 != 0x377f0682 {
		return w.badHeader(s)
	}
	frame := make([]byte, w.frameSize())
	for i := range w.frames() {
		if err := w.read(i, frame); err != nil {
			return err
		}
		next, ok := w.valid(frame, s)
		if !ok {
			return w.judge(i, frame, s)
		}
		s = next
	}
	return nil
}

// holds reports whether a commit has a page, by its number from 1.
func (w *wal) holds(page uint32) (bool, error) {
	s := sum{}.add(w.order, w.header[:24])
	if s != stored(w.header[24:]) {
		return false, nil
	}
	frame := make([]byte, w.frameSize())
	seen := false
	for i := range w.frames() {
		if err := w.read(i, frame); err != nil {
			return false, err
		}
		next, ok := w.valid(frame, s)
		if !ok {
			return false, nil
		}
		s = next
		seen = seen || binary.BigEndian.Uint32(frame) == page
		if seen && commits(frame) {
			return true, nil
		}
	}
	return false, nil
}

func (w *wal) read(i int64, frame []byte) error {
	n, err := w.f.ReadAt(frame, walHeaderSize+i*w.frameSize())
	if n == len(frame) {
		return nil
	}
	return fmt.Errorf("frame %d of the -wal: %w", i, err)
}

// valid reports whether a frame follows the checksum s, and returns its own.
func (w *wal) valid(frame []byte, s sum) (sum, bool) {
	s = s.add(w.order, frame[:8]).add(w.order, frame[frameHeaderSize:])
	return s, w.current(frame) && s == stored(frame[16:])
}

// current reports whether a frame was written since the -wal began anew.
func (w *wal) current(frame []byte) bool { return string(frame[8:16]) == string(w.header[16:24]) }

func commits(frame []byte) bool { return binary.BigEndian.Uint32(frame[4:]) != 0 }

// judge decides what the invalid frame i means. Each commit is synced before the
// next is begun, and its frames are written at once, so a power cut damages
// nothing but the frames of the last commit. So it is no torn write if frames of
// a later commit follow, or if one bit of its header makes the frame valid: that
// may hide where its commit ends.
func (w *wal) judge(i int64, frame []byte, s sum) error {
	if w.oneBitOff(i, frame, s) {
		return damaged("a bit in the header of frame %d of the -wal has flipped", i)
	}
	rest := make([]byte, frameHeaderSize)
	committed := false
	for k := i; k < w.frames(); k++ {
		if err := w.read(k, rest); err != nil {
			return err
		}
		if !w.current(rest) {
			continue
		}
		if committed {
			return damaged("frame %d of the -wal is invalid, but later commits follow it", i)
		}
		committed = commits(rest) && !w.parted(k)
	}
	return nil
}

// salt is where it begins in a frame, behind the page's number and the commit mark.
const salt = 8

// parted reports whether the commit mark of frame i, and the number of its page,
// lie in another sector than its salt. If that did not arrive, they are those of
// whatever was there before, and prove nothing.
func (w *wal) parted(i int64) bool {
	const sector = 512
	return (walHeaderSize+i*w.frameSize()+salt)%sector == 0
}

// oneBitOff reports whether a single flipped bit in the header of frame i explains
// why it does not follow s. It does not try the page, nor what lies in another
// sector than the salt: what stood there before a torn write may differ in a single
// bit too.
func (w *wal) oneBitOff(i int64, frame []byte, s sum) bool {
	from := 0
	if w.parted(i) {
		from = salt
	}
	for at := from; at < frameHeaderSize; at++ {
		for bit := range 8 {
			frame[at] ^= 1 << bit
			_, ok := w.valid(frame, s)
			frame[at] ^= 1 << bit
			if ok {
				return true
			}
		}
	}
	return false
}

// badHeader judges a header whose checksum is not s. A header is one sector,
// synced before any frame is written behind it: it is damage if the first frame
// belongs to it, whichever part of it is wrong, and else a header that was being
// replaced when the power failed.
func (w *wal) badHeader(s sum) error {
	frame := make([]byte, w.frameSize())
	if err := w.read(0, frame); err != nil {
		return err
	}
	for _, from := range []sum{s, stored(w.header[24:])} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			if from.add(order, frame[:8]).add(order, frame[frameHeaderSize:]) == stored(frame[16:]) {
				return damaged("the header of the -wal is not what was written")
			}
		}
	}
	return nil
}
