//go:build !linux

package store

import "os"

func (osDisk) Remove(name string) error { return os.Remove(name) }

type osFile struct{ *os.File }
