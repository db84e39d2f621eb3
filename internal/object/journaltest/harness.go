package journaltest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
)

// A Harness is an empty journal under test. The test's cleanup closes it.
type Harness struct {
	Journal object.Journal

	// Restart ends the process that has the journal open, as kill -9 would, and
	// returns the journal as the next process opens it.
	Restart func(t *testing.T) object.Journal
}

// Run runs the suite; open makes a new, empty journal for each test.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, c := range []struct {
		name string
		run  func(*bench)
	}{
		{"an object is found as it was committed", found},
		{"what does not exist is not found", notFound},
		{"positions count commits that happened", positions},
		{"a commit on another sequence is lost", lostSequence},
		{"a create of a key in use is lost", lostCreate},
		{"a lost commit takes later ones of its object along", lostFollowers},
		{"a lost commit leaves nothing behind", lostNothing},
		{"many commits of one object share a batch", oneBatch},
		{"a deleted object is gone and its id is free", deleted},
		{"delete and create of one id share a batch", deleteCreate},
		{"forget drops a prefix", forget},
		{"entries are read back, all or none", entries},
		{"the backlog is what the journal holds", backlog},
		{"receipts come back", receipts},
		{"receipts outlive their object", receiptsOutlive},
		{"a detail is written only if it is given", details},
		{"generations are never used twice", generations},
		{"all is there after a restart", restart},
		{"all is there after a recovery", recovered},
		{"readers see what was answered", readers},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t)
			c.run(&bench{T: t, j: h.Journal, h: h})
		})
	}
}

// bench is a journal on the workbench, with the objects that are made on it.
type bench struct {
	*testing.T
	j object.Journal
	h Harness
}

// thing is an object as its owner sees it: the row and the events so far.
type thing struct {
	row     journal.Row
	detail  journal.Detail
	entries []journal.Entry
}

const class = "task"

func (b *bench) thing(id string) *thing {
	return &thing{row: journal.Row{
		Key: journal.Key{Class: class, ID: id}, Generation: b.j.Reserve(), Status: 1, Type: "video", CreatedBy: "ann",
		Tags: []string{"blue", "red \"1\""}, CreatedAt: 1000, UpdatedAt: 1000, State: []byte{0, 1, 255},
	}}
}

// create returns the commit that makes a thing, with n events.
func (o *thing) create(n int) journal.Commit {
	o.detail = journal.Detail{Metadata: []byte(`{"a":1}`)}
	c := o.append(n, o.row.Status)
	c.Op, c.Detail = journal.OpCreate, &journal.Detail{Metadata: o.detail.Metadata}
	return c
}

// append returns a commit of n more events that lead to a status.
func (o *thing) append(n, status int) journal.Commit {
	c := journal.Commit{Op: journal.OpAppend, Expect: o.row.Sequence, Was: o.row.Status}
	for range n {
		o.row.Sequence++
		data := fmt.Appendf(nil, "event %d of %s", o.row.Sequence, o.row.ID)
		o.row.Hash = journal.Hash(o.row.Hash, data)
		c.Entries = append(c.Entries, journal.Entry{Sequence: o.row.Sequence, Hash: o.row.Hash, Data: data})
	}
	o.row.Status = status
	o.row.UpdatedAt += int64(n)
	o.row.State = fmt.Appendf(nil, "state %d", o.row.Sequence)
	c.Row = o.row
	return c
}

func (o *thing) delete() journal.Commit {
	return journal.Commit{Op: journal.OpDelete, Row: o.row, Expect: o.row.Sequence, Was: o.row.Status, Reserved: true}
}

func (o *thing) forget(upto int64) journal.Commit {
	return journal.Commit{Op: journal.OpForget, Row: journal.Row{Key: o.row.Key, Generation: o.row.Generation}, Upto: upto, Reserved: true}
}

// kept takes over what the journal set in a commit that happened.
func (o *thing) kept(c journal.Commit) {
	o.row.LSN = c.Row.LSN
	o.entries = append(o.entries, c.Entries...)
}

func digest(text string) [32]byte { return sha256.Sum256([]byte(text)) }

// commit commits a batch of which exactly the given ones must be lost.
func (b *bench) commit(batch []journal.Commit, lost ...int) {
	b.Helper()
	got, err := b.j.Commit(b.Context(), batch)
	if err != nil {
		b.Fatal(err)
	}
	if !slices.Equal(got, lost) {
		b.Fatalf("lost %v, want %v", got, lost)
	}
}

// put commits changes of one thing.
func (b *bench) put(o *thing, commits ...journal.Commit) {
	b.Helper()
	b.commit(commits)
	for _, c := range commits {
		o.kept(c)
	}
}

// made returns a thing that exists, with n events.
func (b *bench) made(id string, n int) *thing {
	b.Helper()
	o := b.thing(id)
	b.put(o, o.create(n))
	return o
}

func (b *bench) load(id string) journal.Loaded {
	b.Helper()
	o, err := b.j.Load(b.Context(), journal.Key{Class: class, ID: id})
	if err != nil {
		b.Fatalf("load %s: %v", id, err)
	}
	return o
}

// stands checks that the journal has a thing as its owner does.
func (b *bench) stands(o *thing) {
	b.Helper()
	got := b.load(o.row.ID)
	if !sameRow(got.Row, o.row) {
		b.Errorf("row of %s:\n got %+v\nwant %+v", o.row.ID, got.Row, o.row)
	}
	if string(got.Detail.Metadata) != string(o.detail.Metadata) || string(got.Detail.Result) != string(o.detail.Result) {
		b.Errorf("detail of %s: got %s, %s; want %s, %s", o.row.ID, got.Detail.Metadata, got.Detail.Result, o.detail.Metadata, o.detail.Result)
	}
	if !sameEntries(got.Pending, o.entries) {
		b.Errorf("pending of %s:\n got %+v\nwant %+v", o.row.ID, got.Pending, o.entries)
	}
}

func sameRow(a, b journal.Row) bool {
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

func sameEntries(a, b []journal.Entry) bool {
	return slices.EqualFunc(a, b, func(x, y journal.Entry) bool {
		return x.Sequence == y.Sequence && x.LSN == y.LSN && x.Hash == y.Hash && string(x.Data) == string(y.Data)
	})
}
