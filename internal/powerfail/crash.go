package powerfail

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes whole or not at all. Sectors lie side by side from
// the beginning of a file.
const sector = 512

// parts returns where the sectors begin and end that a change touches, counted
// from its own beginning; it begins with 0.
func (c change) parts() []int {
	cuts := []int{0}
	for at := sector - int(c.off%sector); at < len(c.data); at += sector {
		cuts = append(cuts, at)
	}
	return append(cuts, len(c.data))
}

// A Mode says what a power cut leaves of what was not synced.
type Mode int

const (
	DropAll     Mode = iota // nothing
	PrefixTorn              // of each file the first changes, the last of them torn
	RandomTorn              // any changes in any order, each possibly torn
	RandomTrash             // the same, and a torn sector may hold garbage
	KeepAll                 // everything: the same as kill -9
	NumModes
)

func (m Mode) String() string {
	names := [...]string{"drop-all", "prefix-torn", "random-torn", "random-trash", "keep-all"}
	if m < 0 || int(m) >= len(names) {
		return fmt.Sprintf("mode(%d)", int(m))
	}
	return names[m]
}

// Crash returns the disk that is found when the power comes back. It has no
// fault. The disk that crashed may be used further, and crashed again.
func (d *Disk) Crash(m Mode, r *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Disk{cfg: d.cfg, root: d.root.survive(m, r)}
}

// survive returns what is left of a tree.
func (n *node) survive(m Mode, r *rand.Rand) *node {
	if !n.isDir() {
		img := n.image(m, r)
		return &node{durable: img, cur: slices.Clone(img)}
	}
	left := newDir()
	names := maps.Clone(n.live)
	maps.Copy(names, n.saved)
	for _, base := range slices.Sorted(maps.Keys(names)) {
		if x := n.survivor(base, m, r); x != nil {
			left.live[base] = x.survive(m, r)
		}
	}
	left.saved = maps.Clone(left.live)
	return left
}

// survivor returns what has the name after the crash, or nil. A name that was
// changed and not synced may be as before, or as it is, or, if something else
// had it before, removed.
func (n *node) survivor(base string, m Mode, r *rand.Rand) *node {
	was, is := n.saved[base], n.live[base]
	switch {
	case was == is, m == KeepAll:
		return is
	case m == DropAll:
		return was
	}
	choice := []*node{was, is}
	if was != nil && is != nil {
		choice = append(choice, nil)
	}
	return choice[r.IntN(len(choice))]
}

// image returns what is left of a file's content.
func (n *node) image(m Mode, r *rand.Rand) []byte {
	img := slices.Clone(n.durable)
	switch m {
	case KeepAll:
		return slices.Clone(n.cur)
	case PrefixTorn:
		return n.prefix(img, r)
	case RandomTorn, RandomTrash:
		return n.mixture(img, m == RandomTrash, r)
	}
	return img
}

func (n *node) prefix(img []byte, r *rand.Rand) []byte {
	kept := n.pending[:r.IntN(len(n.pending)+1)]
	for i, c := range kept {
		if i == len(kept)-1 && c.data != nil {
			cuts := c.parts()
			c.data = c.data[:cuts[r.IntN(len(cuts))]]
		}
		img = c.to(img)
	}
	return img
}

func (n *node) mixture(img []byte, trash bool, r *rand.Rand) []byte {
	for _, i := range r.Perm(len(n.pending)) {
		c := n.pending[i]
		switch r.IntN(3) {
		case 0: // lost
		case 1:
			img = c.to(img)
		case 2:
			img = c.torn(img, trash, r)
		}
	}
	return img
}

// torn writes some sectors of a change.
func (c change) torn(img []byte, trash bool, r *rand.Rand) []byte {
	if c.data == nil {
		return c.to(img)
	}
	cuts := c.parts()
	for i, at := range cuts[:len(cuts)-1] {
		part := c.data[at:cuts[i+1]]
		switch {
		case r.IntN(2) == 0:
			img = overwrite(img, c.off+int64(at), part)
		case trash && r.IntN(2) == 0:
			img = overwrite(img, c.off+int64(at), garbage(len(part), r))
		}
	}
	return img
}

func garbage(n int, r *rand.Rand) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
