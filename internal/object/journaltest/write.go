package journaltest

import (
	"errors"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

func found(b *bench) {
	o := b.made("o", 2)
	b.stands(o)
	b.put(o, o.append(1, 2))
	b.stands(o)
	plain := b.thing("plain")
	plain.row.Type, plain.row.CreatedBy, plain.row.Tags = "", "", nil
	c := plain.create(1)
	c.Detail, plain.detail = nil, journal.Detail{}
	b.put(plain, c)
	b.stands(plain)
}

func notFound(b *bench) {
	b.made("o", 1)
	for _, key := range []journal.Key{{Class: class, ID: "other"}, {Class: "counter", ID: "o"}, {Class: class, ID: "O"}, {Class: class}} {
		if _, err := b.j.Load(b.Context(), key); !errors.Is(err, journal.ErrNotFound) {
			b.Errorf("load %+v: %v, want ErrNotFound", key, err)
		}
	}
}

func positions(b *bench) {
	o, p := b.thing("o"), b.thing("p")
	batch := []journal.Commit{o.create(3), p.create(1), o.forget(1), o.append(2, 1)}
	b.commit(batch)
	first := batch[0].Row.LSN
	if first < 1 {
		b.Fatalf("the first position is %d", first)
	}
	for i, want := range map[int]int64{0: first, 1: first + 1, 3: first + 2} {
		if batch[i].Row.LSN != want {
			b.Errorf("commit %d has position %d, want %d", i, batch[i].Row.LSN, want)
		}
		for _, e := range batch[i].Entries {
			if e.LSN != want {
				b.Errorf("event %d of commit %d has position %d, want %d", e.Sequence, i, e.LSN, want)
			}
		}
	}
	next := []journal.Commit{p.append(1, 1)}
	b.commit(next)
	if next[0].Row.LSN != first+3 {
		b.Errorf("the next batch begins at %d, want %d", next[0].Row.LSN, first+3)
	}
}

func lostSequence(b *bench) {
	o := b.made("o", 2)
	for _, expect := range []int64{0, 1, 3} {
		stale := *o
		stale.row.Sequence = expect
		b.commit([]journal.Commit{stale.append(1, 2)}, 0)
		gone := o.delete()
		gone.Expect = expect
		b.commit([]journal.Commit{gone}, 0)
	}
	never := b.thing("never")
	never.row.Sequence = 2
	b.commit([]journal.Commit{never.append(1, 1)}, 0)
	b.stands(o)
	b.put(o, o.append(1, 2))
	b.stands(o)
}

func lostCreate(b *bench) {
	o := b.made("o", 1)
	twin := b.thing("o")
	b.commit([]journal.Commit{twin.create(1)}, 0)
	b.stands(o)
	p, q := b.thing("p"), b.thing("p")
	batch := []journal.Commit{p.create(1), q.create(2)}
	b.commit(batch, 1)
	p.kept(batch[0])
	b.stands(p)
}

func lostFollowers(b *bench) {
	o, p := b.made("o", 1), b.made("p", 1)
	before := *o
	stale := *o
	stale.row.Sequence = 4
	batch := []journal.Commit{stale.append(1, 2), p.append(1, 2), stale.append(1, 2), o.append(1, 2), before.delete(), p.append(1, 3)}
	b.commit(batch, 0, 2, 3, 4)
	b.stands(&before)
	p.kept(batch[1])
	p.kept(batch[5])
	b.stands(p)

	// What came before the lost one in the batch stays.
	o = &before
	good := o.append(1, 2)
	after := *o
	after.row.Sequence += 5
	batch = []journal.Commit{good, after.append(1, 3)}
	b.commit(batch, 1)
	o.kept(batch[0])
	b.stands(o)

	twin := b.thing("o")
	b.commit([]journal.Commit{twin.create(1), twin.append(1, 2), twin.delete()}, 0, 1, 2)
	b.stands(o)
}

func lostNothing(b *bench) {
	o := b.made("o", 1)
	twin := b.thing("o")
	c := twin.create(2)
	c.Receipt = &journal.Receipt{Digest: digest("lost"), Generation: twin.row.Generation}
	p := b.thing("p")
	batch := []journal.Commit{c, twin.append(1, 5), p.create(1)}
	b.commit(batch, 0, 1)
	p.kept(batch[2])
	if p.row.LSN != o.row.LSN+1 {
		b.Errorf("lost commits took positions: %d follows %d", p.row.LSN, o.row.LSN)
	}
	b.stands(o)
	b.stands(p)
	if _, there, err := b.j.Receipt(b.Context(), digest("lost")); there || err != nil {
		b.Errorf("the receipt of a lost commit: %v, %v", there, err)
	}
	if e, err := b.j.Entries(b.Context(), twin.row.Generation, 1, 1); !errors.Is(err, journal.ErrDamaged) {
		b.Errorf("the events of a lost commit are there: %v, %v", e, err)
	}
	if keys, err := b.j.Backlog(b.Context(), class); err != nil || len(keys) != 2 {
		b.Errorf("backlog %v, %v; want o and p", keys, err)
	}
}

func oneBatch(b *bench) {
	o, p := b.thing("o"), b.thing("p")
	batch := []journal.Commit{o.create(1), p.create(1)}
	for i := range 20 {
		batch = append(batch, o.append(1+i%3, 1+i%2))
		if i%2 == 0 {
			batch = append(batch, p.append(1, 2))
		}
	}
	o.detail.Result = []byte(`{"done":true}`)
	batch[8].Detail = &journal.Detail{Metadata: []byte(`{"never":"seen"}`)}
	for i := range batch {
		if batch[i].Row.ID == "o" && i > 8 {
			batch[i].Detail = &journal.Detail{Metadata: o.detail.Metadata, Result: o.detail.Result}
			break
		}
	}
	if batch[8].Row.ID != "o" {
		batch[8].Detail = nil
	}
	b.commit(batch)
	for _, c := range batch {
		if c.Row.ID == "o" {
			o.kept(c)
		} else {
			p.kept(c)
		}
	}
	b.stands(o)
	b.stands(p)
}

func deleted(b *bench) {
	o := b.made("o", 2)
	b.put(o, o.delete())
	if _, err := b.j.Load(b.Context(), o.row.Key); !errors.Is(err, journal.ErrNotFound) {
		b.Errorf("a deleted object: %v", err)
	}
	if keys, err := b.j.Backlog(b.Context(), class); err != nil || len(keys) != 0 {
		b.Errorf("backlog after the delete: %v, %v", keys, err)
	}
	b.commit([]journal.Commit{o.forget(2)})
	o.row.Sequence = 2
	b.commit([]journal.Commit{o.append(1, 2)}, 0)
	again := b.made("o", 1)
	if again.row.Generation <= o.row.Generation {
		b.Errorf("generation %d comes after %d", again.row.Generation, o.row.Generation)
	}
	b.stands(again)
	b.put(again, again.delete())
}

func deleteCreate(b *bench) {
	o := b.made("o", 1)
	again := b.thing("o")
	batch := []journal.Commit{o.append(1, 2), o.delete(), again.create(1), again.append(1, 3)}
	b.commit(batch)
	again.kept(batch[2])
	again.kept(batch[3])
	b.stands(again)

	short := b.thing("short")
	b.commit([]journal.Commit{short.create(1), short.delete()})
	if _, err := b.j.Load(b.Context(), short.row.Key); !errors.Is(err, journal.ErrNotFound) {
		b.Errorf("created and deleted in one batch: %v", err)
	}
}
