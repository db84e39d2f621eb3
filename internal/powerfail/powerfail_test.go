package powerfail_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"reflect"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

var (
	crashes = flag.Int("crashes", 500, "power cuts")
	seed    = flag.Uint64("seed", 1, "where the random choices begin")
)

func newDisk(t *testing.T, dirs ...string) *powerfail.Disk {
	d := powerfail.New(powerfail.Config{Dirs: dirs, ShmDir: t.TempDir()})
	t.Cleanup(d.Close)
	return d
}

func dice() *rand.Rand { return rand.New(rand.NewPCG(*seed, 5)) }

// file makes a file with a content, synced or not.
func file(t *testing.T, d *powerfail.Disk, name, content string, sync bool) {
	t.Helper()
	f, err := d.Create(name)
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestANameIsAsDurableAsItsDirectories(t *testing.T) {
	tests := map[string]struct {
		do   func(d *powerfail.Disk) error
		want []string // files after everything that was not synced is dropped
	}{
		"a file whose directory was not synced": {
			func(*powerfail.Disk) error { return nil }, nil,
		},
		"a file whose directory was synced": {
			func(d *powerfail.Disk) error { return d.SyncDir("/data") }, []string{"/data/new"},
		},
		"a removed file whose directory was not synced": {
			func(d *powerfail.Disk) error { return errors.Join(d.SyncDir("/data"), d.Remove("/data/new")) }, []string{"/data/new"},
		},
		"a removed file whose directory was synced": {
			func(d *powerfail.Disk) error {
				return errors.Join(d.SyncDir("/data"), d.Remove("/data/new"), d.SyncDir("/data"))
			}, nil,
		},
		"a directory whose parent was not synced, though it was": {
			func(d *powerfail.Disk) error {
				return errors.Join(d.Mkdir("/data/sub"), d.Rename("/data/new", "/data/sub/new"), d.SyncDir("/data/sub"))
			}, nil,
		},
		"a directory with its parent synced": {
			func(d *powerfail.Disk) error {
				return errors.Join(d.Mkdir("/data/sub"), d.Rename("/data/new", "/data/sub/new"), d.SyncDir("/data/sub"), d.SyncDir("/data"))
			}, []string{"/data/sub/new"},
		},
		"a renamed file with only the old directory synced": {
			func(d *powerfail.Disk) error {
				return errors.Join(d.Mkdir("/data/sub"), d.SyncDir("/data"), d.Rename("/data/new", "/data/sub/new"), d.SyncDir("/data"))
			}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t, "/data")
			file(t, d, "/data/new", "content", true)
			must(t, tt.do(d))
			if got := d.Crash(powerfail.DropAll, dice()).Files(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("found %v, want %v", got, tt.want)
			}
			if kept, live := d.Crash(powerfail.KeepAll, dice()).Files(), d.Files(); !reflect.DeepEqual(kept, live) {
				t.Errorf("with everything kept found %v, want %v", kept, live)
			}
		})
	}
}

func TestDirsOfTheConfigAreDurable(t *testing.T) {
	d := newDisk(t, "/a/b/c")
	file(t, d, "/a/b/c/f", "x", true)
	must(t, d.SyncDir("/a/b/c"))
	if got := d.Crash(powerfail.DropAll, dice()).Files(); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

// What was synced survives in every mode, byte for byte; what was not is old,
// new or, torn, a mixture by sectors.
func TestWhatWasSyncedSurvives(t *testing.T) {
	mixed, trash := 0, 0
	for n := range *crashes {
		r := rand.New(rand.NewPCG(*seed+uint64(n), 6))
		d := newDisk(t, "/")
		f, _, err := d.Open("/f", vfs.OPEN_READWRITE|vfs.OPEN_CREATE)
		must(t, err)
		old, fresh := bytes.Repeat([]byte{'o'}, 4096), bytes.Repeat([]byte{'n'}, 4096)
		_, err = f.WriteAt(old, 0)
		must(t, err, f.Sync(0), d.SyncDir("/"))
		_, err = f.WriteAt(fresh[:2048], 1024)
		must(t, err)
		mode := powerfail.Mode(r.IntN(int(powerfail.NumModes)))
		got, err := d.Crash(mode, r).ReadFile("/f")
		must(t, err)
		if len(got) != 4096 || !bytes.Equal(got[:1024], old[:1024]) || !bytes.Equal(got[3072:], old[3072:]) {
			t.Fatalf("seed %d, %v: what was synced is gone", *seed+uint64(n), mode)
		}
		sectors := map[byte]bool{}
		for at := 1024; at < 3072; at += 512 {
			part := got[at : at+512]
			switch {
			case bytes.Equal(part, old[:512]), bytes.Equal(part, fresh[:512]):
				sectors[part[0]] = true
			case mode == powerfail.RandomTrash:
				trash++
			default:
				t.Fatalf("seed %d, %v: a sector is neither old nor new", *seed+uint64(n), mode)
			}
		}
		if len(sectors) == 2 {
			mixed++
		}
		if mode == powerfail.DropAll && sectors['n'] || mode == powerfail.KeepAll && sectors['o'] {
			t.Fatalf("seed %d: %v did not", *seed+uint64(n), mode)
		}
	}
	if mixed == 0 || trash == 0 {
		t.Errorf("%d torn writes, %d sectors of garbage", mixed, trash)
	}
}

func TestFaults(t *testing.T) {
	grow := func(d *powerfail.Disk) error { f, err := d.Create("/g"); _ = f; return err }
	remove := func(d *powerfail.Disk) error { return d.Remove("/f") }
	sync := func(d *powerfail.Disk) error { return d.SyncDir("/") }
	tests := map[powerfail.Fault]struct {
		grow, remove, sync, later error // later is another sync, after all of them
	}{
		powerfail.NoFault:     {},
		powerfail.PowerOff:    {syscall.EIO, syscall.EIO, syscall.EIO, syscall.EIO},
		powerfail.IOErrOnce:   {syscall.EIO, syscall.EIO, syscall.EIO, nil},
		powerfail.IOErrSticky: {syscall.EIO, syscall.EIO, syscall.EIO, syscall.EIO},
		powerfail.NoSpace:     {syscall.ENOSPC, nil, nil, nil},
	}
	for fault, tt := range tests {
		t.Run(fault.String(), func(t *testing.T) {
			for _, op := range []struct {
				name string
				do   func(*powerfail.Disk) error
				want error
			}{{"grow", grow, tt.grow}, {"remove", remove, tt.remove}, {"sync", sync, tt.sync}} {
				d := newDisk(t, "/")
				file(t, d, "/f", "content", true)
				d.Fail(fault, 2)
				must(t, d.SyncDir("/")) // the first is not met
				if err := op.do(d); !errors.Is(err, op.want) {
					t.Errorf("%s: %v, want %v", op.name, err, op.want)
				}
				if (d.Hit() != "") != (op.want != nil) || d.Dead() != (fault == powerfail.PowerOff) {
					t.Errorf("%s: hit is %q, dead %v", op.name, d.Hit(), d.Dead())
				}
				if err := sync(d); !errors.Is(err, tt.later) {
					t.Errorf("later: %v, want %v", err, tt.later)
				}
			}
		})
	}
}

// A sync that fails takes what it was for with it, as on Linux.
func TestASyncThatFailedMakesLaterOnesProveNothing(t *testing.T) {
	d := newDisk(t, "/")
	f, err := d.Create("/f")
	must(t, err, d.SyncDir("/"))
	_, err = f.Write([]byte("first"))
	must(t, err)
	d.Fail(powerfail.IOErrOnce, 1)
	if f.Sync() == nil {
		t.Fatal("the fault did not happen")
	}
	_, err = f.Write([]byte(" second"))
	must(t, err, f.Sync())
	got, err := d.Crash(powerfail.DropAll, dice()).ReadFile("/f")
	if want := "\x00\x00\x00\x00\x00 second"; err != nil || string(got) != want {
		t.Errorf("found %q, %v; want %q", got, err, want)
	}
	if d.LostNames() {
		t.Error("no directory was meant")
	}
	file(t, d, "/g", "x", true)
	d.Fail(powerfail.IOErrOnce, 1)
	if d.SyncDir("/") == nil || !d.LostNames() {
		t.Fatal("the fault did not happen")
	}
	must(t, d.SyncDir("/"))
	if got := d.Crash(powerfail.DropAll, dice()).Files(); len(got) != 1 {
		t.Errorf("found %v, want /f alone", got)
	}
}

func TestADiskThatLies(t *testing.T) {
	d := powerfail.New(powerfail.Config{Dirs: []string{"/"}, LaxDir: true, Lies: func(name string) bool { return name == "/f" }})
	file(t, d, "/f", "content", true)
	file(t, d, "/g", "content", true)
	after := d.Crash(powerfail.DropAll, dice())
	f, _ := after.ReadFile("/f")
	g, _ := after.ReadFile("/g")
	if len(f) != 0 || string(g) != "content" {
		t.Errorf("found %q and %q", f, g)
	}
}

func TestADamagedBitStays(t *testing.T) {
	d := newDisk(t, "/")
	file(t, d, "/f", "a", true)
	must(t, d.SyncDir("/"), d.Damage("/f", 1))
	got, err := d.Crash(powerfail.DropAll, dice()).ReadFile("/f")
	if err != nil || string(got) != "c" {
		t.Errorf("found %q, %v", got, err)
	}
	if err := d.Damage("/f", 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("beyond the end: %v", err)
	}
}

// database opens a database in WAL mode with a table.
func database(t *testing.T, d *powerfail.Disk, synchronous string) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite.Open(sqlite.Config{Path: "/data/x.db", VFS: d.VFS(), Journal: "wal", Checksums: true})
	must(t, err)
	must(t, c.Exec("PRAGMA synchronous="+synchronous), c.Exec("CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY, x)"))
	return c
}

// FULL keeps what was committed, NORMAL does not: the disk shows the difference.
func TestADatabaseOnTheDisk(t *testing.T) {
	for synchronous, mustKeep := range map[string]bool{"FULL": true, "NORMAL": false} {
		lost := 0
		for n := range 20 {
			r := rand.New(rand.NewPCG(*seed+uint64(n), 8))
			d := newDisk(t, "/data")
			c := database(t, d, synchronous)
			must(t, d.SyncDir("/data"))
			_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
			must(t, err)
			d.Fail(powerfail.PowerOff, 1+r.IntN(60))
			acked := int64(0)
			for acked < 30 && c.Exec(fmt.Sprintf("INSERT INTO t VALUES(%d, zeroblob(%d))", acked+1, r.IntN(3000))) == nil {
				acked++
			}
			d.Restart()
			_ = c.Close()
			after := d.Crash(powerfail.Mode(r.IntN(int(powerfail.NumModes))), r)
			a := database(t, after, synchronous)
			kept, err := sqlite.Int(a, "SELECT count(*) FROM t")
			must(t, err, a.Close())
			after.Close()
			if kept < acked {
				lost++
			}
		}
		if (lost == 0) != mustKeep {
			t.Errorf("%s loses in %d of 20 power cuts", synchronous, lost)
		}
	}
}

func TestADatabaseGoesOnWhenThereIsRoomAgain(t *testing.T) {
	d := newDisk(t, "/data")
	c := database(t, d, "FULL")
	defer c.Close()
	d.Fail(powerfail.NoSpace, 1)
	if err := c.Exec("INSERT INTO t VALUES(1, zeroblob(100000))"); err == nil || d.Hit() == "" {
		t.Errorf("got %v, hit is %q", err, d.Hit())
	}
	d.Fail(powerfail.NoFault, 0)
	must(t, c.Exec("INSERT INTO t VALUES(1, zeroblob(100000))"))
}

func TestAKilledProcessHoldsNothing(t *testing.T) {
	d := newDisk(t, "/data")
	c := database(t, d, "FULL")
	must(t, c.Exec("BEGIN IMMEDIATE; INSERT INTO t VALUES(1, 1)"))
	other := database(t, d, "FULL")
	if err := other.Exec("INSERT INTO t VALUES(2, 2)"); !errors.Is(err, sqlite3.BUSY) {
		t.Errorf("while another writes: %v, want BUSY", err)
	}
	f, err := d.Create("/data/f")
	must(t, err)
	d.Restart()
	if _, err := f.Write([]byte("x")); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a file of the killed process: %v", err)
	}
	if err := c.Exec("COMMIT"); err == nil {
		t.Error("the killed process has committed")
	}
	next := database(t, d, "FULL")
	must(t, next.Exec("INSERT INTO t VALUES(3, 3)"))
	if n, err := sqlite.Int(next, "SELECT sum(n) FROM t"); err != nil || n != 3 {
		t.Errorf("the sum is %d, %v; want 3", n, err)
	}
	must(t, next.Close())
	_, _ = other.Close(), c.Close()
}

// A rollback journal that a killed process left is hot: the next one takes the
// locks to roll it back.
func TestAHotJournalIsRolledBack(t *testing.T) {
	d := newDisk(t, "/data")
	open := func() *sqlite3.Conn {
		c, err := sqlite.Open(sqlite.Config{Path: "/data/x.db", VFS: d.VFS(), Journal: "truncate"})
		must(t, err)
		return c
	}
	c := open()
	must(t, c.Exec("CREATE TABLE t(x); INSERT INTO t VALUES(1)"))
	before, err := d.ReadFile("/data/x.db")
	must(t, err)
	for n := 1; ; n++ {
		d.Fail(powerfail.PowerOff, n)
		if err := c.Exec("UPDATE t SET x=2"); err == nil {
			t.Fatal("the database was never changed without being committed")
		}
		d.Restart()
		_ = c.Close()
		if now, _ := d.ReadFile("/data/x.db"); !bytes.Equal(now, before) {
			break
		}
		c = open()
	}
	c = open()
	if x, err := sqlite.Int(c, "SELECT x FROM t"); err != nil || x != 1 {
		t.Errorf("x is %d, %v; want 1", x, err)
	}
	must(t, c.Close())
}
