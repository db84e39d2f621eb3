package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// A Holder is who holds a data directory, as its LOCK says. The file may be old:
// only a HeldError says that the holder lives.
type Holder struct {
	PID   int    `json:"pid"`
	Addr  string `json:"addr,omitempty"`  // where calls are answered; empty if nowhere
	Admin string `json:"admin,omitempty"` // where the operator is answered; empty if nowhere
}

// HeldError says that another process holds a data directory.
type HeldError struct {
	Dir    Dir
	Holder Holder // PID is 0 if the holder has not said yet who he is
}

func (e *HeldError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("datadir: %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("datadir: %s is in use by process %d", e.Dir, e.Holder.PID)
}

// A Lock is the right to use a data directory. The kernel takes it back when
// the process ends, however it ends.
type Lock struct {
	file *os.File
}

// flock is the kernel's; only tests set another.
var flock = syscall.Flock

// ErrRestoring: a restore into the directory was interrupted, so that what is
// there is not whole.
var ErrRestoring = errors.New("a restore into it did not end, so it is not whole: remove the directory and restore again")

// Hold takes the directory for this process, or fails with a *HeldError, or
// with ErrRestoring. The directory must exist. Close gives it back.
func (d Dir) Hold() (*Lock, error) {
	f, err := os.OpenFile(d.LockFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("datadir: open lock: %w", err)
	}
	l := &Lock{file: f}
	if err := flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("datadir: lock %s: %w", f.Name(), err)
		}
		holder, _ := readHolder(f)
		return nil, &HeldError{Dir: d, Holder: holder}
	}
	err = l.Say(Holder{PID: os.Getpid()})
	if exists(d.Restoring()) {
		err = fmt.Errorf("datadir: %s: %w", d, ErrRestoring)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// Say writes who holds the directory, for others to read.
func (l *Lock) Say(h Holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("datadir: write lock: %w", err)
	}
	text = append(text, '\n')
	if _, err := l.file.WriteAt(text, 0); err != nil {
		return fmt.Errorf("datadir: write lock: %w", err)
	}
	if err := l.file.Truncate(int64(len(text))); err != nil {
		return fmt.Errorf("datadir: write lock: %w", err)
	}
	return nil
}

// Close gives the directory back. The file stays, empty: removing it would let
// two processes hold two files of the same name.
func (l *Lock) Close() error {
	err := l.file.Truncate(0)
	return errors.Join(err, l.file.Close())
}

// Holder reads who held the directory last; false if nobody is named.
func (d Dir) Holder() (Holder, bool) {
	f, err := os.Open(d.LockFile())
	if err != nil {
		return Holder{}, false
	}
	defer f.Close()
	return readHolder(f)
}

func readHolder(f *os.File) (Holder, bool) {
	var h Holder
	text, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return Holder{}, false
	}
	return h, h.PID != 0
}
