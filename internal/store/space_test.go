package store

import (
	"errors"
	"syscall"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// A full disk is told as such, whatever it meets, and what was home stays.
func TestAFullDiskIsRecognisable(t *testing.T) {
	made := openStore(t, objectsDir, nil, "")
	for name, action := range map[string]func(*process, *kept) error{
		"create": takeHome,
		"change": more,
	} {
		t.Run(name, func(t *testing.T) {
			for nth, hit := 1, true; hit && nth < 100; nth++ {
				w := newWorld(t, made, 1, mutant{}, new(powerfail.Count))
				p, k := w.start(), w.create()
				if name == "change" {
					if err := takeHome(p, k); err != nil {
						t.Fatal(err)
					}
					for range 30 { // so many that the file grows
						p.commit(k)
					}
				}
				w.disk.Fail(powerfail.NoSpace, nth)
				err := action(p, k)
				if hit = w.disk.Hit() != ""; hit && !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("operation %d (%s): %v, want ENOSPC", nth, w.disk.Hit(), err)
				}
				w.disk.Fail(powerfail.NoFault, 0)
				if err := action(p, k); err != nil {
					t.Errorf("operation %d, with room again: %v", nth, err)
				}
				wantRecords(t, p.store, k.generation, k.records)
				w.close()
			}
		})
	}
}
