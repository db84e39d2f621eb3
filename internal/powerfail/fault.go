package powerfail

import (
	"fmt"
	"syscall"
)

// A Fault is what happens to a Disk's operations from a chosen one on.
type Fault int

const (
	// NoFault: everything works.
	NoFault Fault = iota

	// PowerOff: that operation and all that follow fail. A sync among them
	// makes nothing durable.
	PowerOff

	// IOErrOnce: that operation fails, later ones work. If it is a sync, the
	// writes it was for count as clean and no later sync makes them durable,
	// as on Linux.
	IOErrOnce

	// IOErrSticky: that operation and all that follow fail, each sync as with
	// IOErrOnce.
	IOErrSticky

	// NoSpace: from that operation on nothing new fits: no new file or
	// directory, no write beyond a file's end. Everything else works.
	NoSpace

	// NoDescriptors: from that operation on nothing more can be opened, neither
	// a file nor a directory to sync it or list it. What is open works.
	NoDescriptors

	NumFaults
)

func (f Fault) String() string {
	names := [...]string{"none", "power-off", "io-error-once", "io-error-sticky", "no-space", "no-descriptors"}
	if f < 0 || int(f) >= len(names) {
		return fmt.Sprintf("fault(%d)", int(f))
	}
	return names[f]
}

// An effect is what an operation does to the disk, as far as faults care.
type effect int

const (
	changes effect = iota
	grows
	syncs
)

// Fail makes the fault happen at the nth changing operation from now, counted
// from 1. It replaces the fault set before; NoFault ends it.
func (d *Disk) Fail(f Fault, nth int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.at, d.hit = f, d.ops+nth, ""
}

// Hit names the first operation that the fault made fail; it is empty if the
// fault did not happen.
func (d *Disk) Hit() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hit
}

// Ops returns how many changing operations there were.
func (d *Disk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// step counts a changing operation and returns the error that it meets.
func (d *Disk) step(e effect, what, name string) error {
	d.ops++
	var err error
	switch {
	case d.fault == NoFault || d.fault == NoDescriptors || d.ops < d.at:
	case d.fault == IOErrOnce && d.ops > d.at:
	case d.fault != NoSpace:
		err = syscall.EIO
	case e == grows:
		err = syscall.ENOSPC
	}
	if err != nil && d.hit == "" {
		d.hit = what + " " + name
	}
	return err
}

// opens returns the error that the opening of a file or directory meets.
func (d *Disk) opens(name string) error {
	if d.fault != NoDescriptors || d.ops+1 < d.at {
		return nil
	}
	if d.hit == "" {
		d.hit = "open " + name
	}
	return syscall.EMFILE
}

// forgets reports whether a sync that fails now drops what it should have made
// durable, so that no later sync does.
func (d *Disk) forgets() bool { return d.fault == IOErrOnce || d.fault == IOErrSticky }

// LostNames reports whether a sync of a directory has failed, so that changes of
// names may never become durable although later syncs succeed. A process that
// starts after that cannot know.
func (d *Disk) LostNames() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// Dead reports whether the power is off: the fault PowerOff has happened.
func (d *Disk) Dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault == PowerOff && d.hit != ""
}
