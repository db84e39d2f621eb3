package object

import "sync"

// fileLocks are one lock per generation: readers and writers of one file meet
// under it, and it outlives the live object.
type fileLocks struct {
	mu sync.Mutex
	by map[int64]*fileLock // :: generation -> its lock, while somebody uses it
}

type fileLock struct {
	sync.RWMutex
	users int
}

func (l *fileLocks) init() { l.by = make(map[int64]*fileLock) }

func (l *fileLocks) enter(generation int64) *fileLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.by[generation]
	if f == nil {
		f = &fileLock{}
		l.by[generation] = f
	}
	f.users++
	return f
}

func (l *fileLocks) leave(generation int64, f *fileLock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.users--; f.users == 0 {
		delete(l.by, generation)
	}
}

// write locks a generation's file for changing; the caller calls the result.
func (l *fileLocks) write(generation int64) (unlock func()) {
	f := l.enter(generation)
	f.Lock()
	return func() { f.Unlock(); l.leave(generation, f) }
}

// read locks a generation's file for reading; the caller calls the result.
func (l *fileLocks) read(generation int64) (unlock func()) {
	f := l.enter(generation)
	f.RLock()
	return func() { f.RUnlock(); l.leave(generation, f) }
}
