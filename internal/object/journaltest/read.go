package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

func forget(b *bench) {
	o, p := b.made("o", 5), b.made("p", 2)
	b.commit([]journal.Commit{o.forget(2)})
	o.entries = o.entries[2:]
	b.stands(o)
	b.stands(p)
	b.commit([]journal.Commit{o.forget(1)})
	b.stands(o)
	batch := []journal.Commit{o.append(2, 2), o.forget(4)}
	b.commit(batch)
	o.kept(batch[0])
	o.entries = o.entries[2:]
	b.stands(o)
	b.commit([]journal.Commit{o.forget(o.row.Sequence)})
	o.entries = nil
	b.stands(o)
	b.put(o, o.append(1, 3))
	b.stands(o)
}

func entries(b *bench) {
	o := b.made("o", 5)
	b.commit([]journal.Commit{o.forget(1)})
	got, err := b.j.Entries(b.Context(), o.row.Generation, 2, 4)
	if err != nil || !sameEntries(got, o.entries[1:4]) {
		b.Errorf("2 to 4: %+v, %v", got, err)
	}
	for _, r := range [][2]int64{{1, 2}, {5, 6}, {7, 9}} {
		if got, err := b.j.Entries(b.Context(), o.row.Generation, r[0], r[1]); !errors.Is(err, journal.ErrDamaged) || len(got) != 0 {
			b.Errorf("%d to %d of 2 to 5: %+v, %v; want ErrDamaged", r[0], r[1], got, err)
		}
	}
}

func backlog(b *bench) {
	check := func(want ...string) {
		b.Helper()
		keys, err := b.j.Backlog(b.Context(), class)
		var ids []string
		for _, k := range keys {
			ids = append(ids, k.ID)
		}
		if err != nil || !slices.Equal(ids, want) {
			b.Errorf("backlog %v, %v; want %v", ids, err, want)
		}
	}
	check()
	z, a := b.made("z", 2), b.made("a", 1)
	other := b.thing("other")
	other.row.Class = "counter"
	b.put(other, other.create(1))
	check("z", "a")
	b.commit([]journal.Commit{z.forget(1)})
	check("z", "a")
	b.commit([]journal.Commit{z.forget(2)})
	check("a")
	b.put(z, z.append(1, 2))
	check("z", "a")
	b.put(a, a.delete())
	check("z")
	b.j = b.h.Restart(b.T)
	check("z")
}

func receipts(b *bench) {
	o := b.thing("o")
	c := o.create(1)
	c.Receipt = &journal.Receipt{
		Digest: digest("key"), Request: digest("request"), Generation: o.row.Generation,
		Sequence: 1, Row: c.Row, At: 77,
	}
	b.put(o, c)
	want := *c.Receipt
	want.Row.LSN = o.row.LSN
	refused := o.append(1, 2)
	refused.Receipt = &journal.Receipt{Digest: digest("other"), Generation: o.row.Generation, Sequence: 2, Code: 9, Row: refused.Row}
	b.put(o, refused)
	check := func() {
		b.Helper()
		got, there, err := b.j.Receipt(b.Context(), digest("key"))
		if err != nil || !there || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			b.Errorf("receipt:\n got %+v, %v, %v\nwant %+v", got, there, err, want)
		}
		if got, there, err := b.j.Receipt(b.Context(), digest("other")); err != nil || !there || got.Code != 9 || got.Sequence != 2 {
			b.Errorf("other receipt: %+v, %v, %v", got, there, err)
		}
		if _, there, err := b.j.Receipt(b.Context(), digest("unknown")); err != nil || there {
			b.Errorf("unknown key: %v, %v", there, err)
		}
	}
	check()
	b.j = b.h.Restart(b.T)
	check()
}

func receiptsOutlive(b *bench) {
	o := b.made("o", 1)
	c := o.delete()
	c.Receipt = &journal.Receipt{Digest: digest("delete"), Generation: o.row.Generation, Sequence: 1, Row: o.row}
	b.put(o, c)
	if got, there, err := b.j.Receipt(b.Context(), digest("delete")); err != nil || !there || got.Generation != o.row.Generation {
		b.Errorf("receipt of a delete: %+v, %v, %v", got, there, err)
	}
}

func details(b *bench) {
	o := b.made("o", 1)
	c := o.append(1, 2)
	o.detail.Result = []byte(`{"x":2}`)
	c.Detail = &o.detail
	b.put(o, c)
	b.put(o, o.append(1, 2))
	b.stands(o)
	c = o.append(1, 3)
	c.Detail, o.detail = &journal.Detail{}, journal.Detail{}
	b.put(o, c)
	b.stands(o)
}

func generations(b *bench) {
	seen := map[int64]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				g := b.j.Reserve()
				mu.Lock()
				if seen[g] || g < 1 {
					b.Errorf("generation %d twice", g)
				}
				seen[g] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	o := b.made("o", 1)
	b.put(o, o.delete())
	b.j = b.h.Restart(b.T)
	if g := b.j.Reserve(); g <= o.row.Generation {
		b.Errorf("generation %d is reserved after %d was deleted", g, o.row.Generation)
	}
}

func restart(b *bench) {
	epoch := b.j.Epoch()
	o, p := b.made("o", 3), b.made("p", 1)
	b.commit([]journal.Commit{o.forget(1)})
	o.entries = o.entries[1:]
	for range 2 {
		b.j = b.h.Restart(b.T)
		b.stands(o)
		b.stands(p)
		was := p.row.LSN
		b.put(p, p.append(1, 2))
		if p.row.LSN <= was || p.row.LSN <= o.row.LSN {
			b.Errorf("position %d comes after %d and %d", p.row.LSN, was, o.row.LSN)
		}
		b.put(o, o.append(1, 2))
	}
	if b.j.Epoch() != epoch || epoch == "" {
		b.Errorf("epoch %q became %q", epoch, b.j.Epoch())
	}
}

func recovered(b *bench) {
	epoch := b.j.Epoch()
	o := b.made("o", 3)
	reserved := b.j.Reserve()
	for range 2 {
		if err := b.j.Recover(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.stands(o)
		b.put(o, o.append(1, 2))
		b.stands(o)
	}
	if g := b.j.Reserve(); g <= reserved {
		b.Errorf("generation %d is reserved after %d", g, reserved)
	}
	if b.j.Epoch() != epoch {
		b.Errorf("epoch %q became %q", epoch, b.j.Epoch())
	}
}

func readers(b *bench) {
	const writers, events = 4, 25
	things := make([]*thing, writers)
	for i := range things {
		things[i] = b.made(fmt.Sprint("o", i), 1)
	}
	answered := make([]chan int64, writers)
	var wg sync.WaitGroup
	for i := range things {
		answered[i] = make(chan int64, events)
		wg.Go(func() {
			for sequence := range answered[i] {
				o, err := b.j.Load(b.Context(), things[i].row.Key)
				if err != nil || o.Row.Sequence < sequence || int64(len(o.Pending)) != o.Row.Sequence {
					b.Errorf("after the answer to event %d: sequence %d, %d pending, %v", sequence, o.Row.Sequence, len(o.Pending), err)
				}
			}
		})
	}
	for range events {
		var batch []journal.Commit
		for _, o := range things {
			batch = append(batch, o.append(1, 2))
		}
		b.commit(batch)
		for i, o := range things {
			answered[i] <- o.row.Sequence
		}
	}
	for _, c := range answered {
		close(c)
	}
	wg.Wait()
}
