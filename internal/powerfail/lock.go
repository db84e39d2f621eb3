package powerfail

import (
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// locks are SQLite's locks on one database: how many hold a shared one or more,
// and whether somebody holds a reserved one or waits for the last reader.
type locks struct {
	shared   int
	reserved bool
	pending  bool
}

func (f *dbFile) LockState() vfs.LockLevel { return f.level }

// Lock implements vfs.File.
func (f *dbFile) Lock(want vfs.LockLevel) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	l := &f.n.locks
	if f.level >= want || !f.main {
		return nil
	}
	if err := f.alive(); err != nil {
		return err
	}
	switch want {
	case vfs.LOCK_SHARED:
		if l.pending {
			return sqlite3.BUSY
		}
		l.shared++
	case vfs.LOCK_RESERVED:
		if l.reserved {
			return sqlite3.BUSY
		}
		l.reserved = true
	case vfs.LOCK_EXCLUSIVE:
		return f.exclusive(l)
	}
	f.level = want
	return nil
}

// exclusive is the last step of Lock: from shared (to roll a hot journal back)
// or reserved, by way of pending.
func (f *dbFile) exclusive(l *locks) error {
	if f.level < vfs.LOCK_PENDING {
		if l.pending || f.level < vfs.LOCK_RESERVED && l.reserved {
			return sqlite3.BUSY
		}
		l.reserved, l.pending = true, true
		f.level = vfs.LOCK_PENDING
	}
	if l.shared > 1 {
		return sqlite3.BUSY
	}
	f.level = vfs.LOCK_EXCLUSIVE
	return nil
}

// Unlock implements vfs.File.
func (f *dbFile) Unlock(to vfs.LockLevel) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	l := &f.n.locks
	if f.level <= to || !f.main {
		return nil
	}
	if f.life == f.d.life { // a killed process holds none
		if f.level >= vfs.LOCK_RESERVED {
			l.reserved = false
		}
		if f.level >= vfs.LOCK_PENDING {
			l.pending = false
		}
		if to < vfs.LOCK_SHARED {
			l.shared--
		}
	}
	f.level = to
	return nil
}

// CheckReservedLock implements vfs.File.
func (f *dbFile) CheckReservedLock() (bool, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.n.locks.reserved, nil
}
