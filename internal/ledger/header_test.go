package ledger_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
)

// A header that was torn while the -wal was moved into the ledger comes back from
// the -wal; one that the -wal does not have is damage.
func TestATornHeaderComesBackFromTheWAL(t *testing.T) {
	var c clock
	d := newDisk(t)
	l, err := ledger.New(diskConfig(d, &c))
	if err != nil {
		t.Fatal(err)
	}
	k := track(l)
	for range 5 {
		if err := k.step(t, 4); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	torn, again := d.Crash(powerfail.KeepAll, r), d.Crash(powerfail.KeepAll, r)
	t.Cleanup(torn.Close)
	t.Cleanup(again.Close)
	if err := l.Close(); err != nil { // moves the -wal into the ledger
		t.Fatal(err)
	}
	const reserved = 20*8 + 3 // the bit of the header that says that pages have checksums
	for _, disk := range []*powerfail.Disk{d, torn, again} {
		if err := disk.Damage("/data/ledger.db", reserved); err != nil {
			t.Fatal(err)
		}
	}

	if _, err := ledger.NewWithoutHeader(diskConfig(again, &c)); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("without this safety a torn header is no damage: %v", err)
	}
	if _, err := ledger.New(diskConfig(d, &c)); !errors.Is(err, journal.ErrDamaged) {
		t.Errorf("a header that the -wal does not have: %v, want %v", err, journal.ErrDamaged)
	}
	l, err = ledger.New(diskConfig(torn, &c))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.compare(t, l); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
