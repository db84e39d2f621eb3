package powerfail

import (
	"maps"
	"slices"
)

// A node is a file or a directory.
type node struct {
	// Of a file: the content as of the last good sync, as the processes see it,
	// and the changes from one to the other, in order.
	durable []byte
	cur     []byte
	pending []change
	locks   locks

	// Of a directory, nil for a file: its names as the processes see them, as
	// a power cut leaves them for certain, and those that differ.
	live  map[string]*node
	saved map[string]*node
	dirty map[string]bool
}

// A change is data written at off, or a new size off if data is nil.
type change struct {
	off  int64
	data []byte
}

func newDir() *node {
	return &node{live: map[string]*node{}, saved: map[string]*node{}, dirty: map[string]bool{}}
}

func (n *node) isDir() bool { return n.live != nil }

// apply makes a change that is not durable yet.
func (n *node) apply(c change) {
	n.pending = append(n.pending, c)
	n.cur = c.to(n.cur)
}

// put gives a name to x, or removes it if x is nil.
func (n *node) put(base string, x *node) {
	if x == nil {
		delete(n.live, base)
	} else {
		n.live[base] = x
	}
	n.dirty[base] = true
}

// sync makes durable what the processes see, but for what was forgotten.
func (n *node) sync() {
	for _, c := range n.pending {
		n.durable = c.to(n.durable)
	}
	n.pending = nil
	for base := range n.dirty {
		n.syncName(base)
	}
}

func (n *node) syncName(base string) {
	if x := n.live[base]; x != nil {
		n.saved[base] = x
	} else {
		delete(n.saved, base)
	}
	delete(n.dirty, base)
}

// forget counts everything as clean without making it durable.
func (n *node) forget() {
	n.pending = nil
	clear(n.dirty)
}

// unlock drops all file locks of the tree.
func (n *node) unlock() {
	n.locks = locks{}
	for _, x := range n.live {
		x.unlock()
	}
}

// files lists the files of the tree under a prefix, sorted.
func (n *node) files(prefix string) []string {
	var names []string
	for _, base := range slices.Sorted(maps.Keys(n.live)) {
		x := n.live[base]
		if x.isDir() {
			names = append(names, x.files(prefix+"/"+base)...)
		} else {
			names = append(names, prefix+"/"+base)
		}
	}
	return names
}

// to returns b after the change; it may reuse b.
func (c change) to(b []byte) []byte {
	if c.data == nil {
		return resize(b, c.off)
	}
	return overwrite(b, c.off, c.data)
}

func overwrite(b []byte, off int64, data []byte) []byte {
	if end := off + int64(len(data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[off:], data)
	return b
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}
