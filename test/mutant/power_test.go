package mutant

import "github.com/spectralnotify/spectralnotify/test/server"

const (
	house = "./internal/object/powertest"
	cuts  = "TestNothingIsLostWhenThePowerFails"

	broken = "lost: |stored data is damaged"
)

// powerMutants are programs that lose, or tell what is not so, when the power
// fails. Those that need no change of source are beside the tests: mutants in
// internal/store, internal/ledger and internal/object/powertest.
var powerMutants = []mutant{
	{
		name: "commits are not synced, as with synchronous=NORMAL",
		file: "internal/ledger/disk.go",
		old:  "return f.File.Sync(flags)",
		new:  "return nil",
		pkg:  ledger, test: cuts, want: "o[0-3] is at|are listed|stored data is damaged",
	},
	{
		name: "a refusal does not wait for what it was decided on",
		file: "internal/object/do.go",
		old:  "if err := t.wait(ctx); err != nil { // t is what the refusal was decided on",
		new:  "if err := (*ticket)(nil).wait(ctx); err != nil {",
		pkg:  house, test: cuts, want: broken, flags: []string{"-crashes=1000"},
	},
	{
		name: "a read shows what is not durable",
		file: "internal/object/do.go",
		old:  "return o.committed, nil",
		new:  "return o.tentative.state, nil",
		pkg:  house, test: cuts, want: broken, flags: []string{"-crashes=1000"},
	},
	{
		name: "memory is kept after the journal was opened again",
		file: "internal/object/show.go",
		old:  "	h.leave(o)\n	h.dropTopic(o)\n",
		new:  "",
		pkg:  house, test: cuts, want: broken, flags: []string{"-crashes=1000"},
	},
	{
		name: "the writer alone is opened again after a failure, not the readers",
		file: "internal/ledger/ledger.go",
		old:  "		l.broken = why\n	}\n	if p := l.pool.Swap(nil); p != nil {\n		p.close()\n	}\n",
		new:  "		l.broken = why\n	}\n",
		also: []server.Mutation{
			{File: "internal/ledger/start.go", Old: "	p, err := openPool(", New: "	if l.pool.Load() != nil {\n		return nil\n	}\n	p, err := openPool("},
			{File: "internal/ledger/transact.go", Old: "		p.shut()\n", New: "		_ = p\n"},
		},
		pkg: ledger, test: "TestNothingWorksBetweenAFailureAndItsRecovery", want: "after the failure, list: ",
	},
	{
		name: "the journal forgets a range of positions instead of a prefix",
		file: "internal/ledger/writer.go",
		old:  "`DELETE FROM journal WHERE generation = ? AND sequence <= ?`",
		new:  "`DELETE FROM journal WHERE lsn <= (SELECT max(lsn) FROM journal WHERE generation = ? AND sequence <= ?)`",
		pkg:  house, test: cuts, want: broken, flags: []string{"-crashes=1000"},
	},
	{
		name: "a recovery that is tried again forgets what a failed commit left",
		file: "internal/ledger/ledger.go",
		old:  "	if l.w != nil {\n		l.good = l.w.frames()\n	}\n",
		new:  "	l.good = -1\n	if l.w != nil {\n		l.good = l.w.frames()\n	}\n",
		pkg:  ledger, test: "TestPowerCutWhileRecovering$", want: "at try 2 to recover",
	},
	{
		name: "a commit mark that may be old is taken for damage",
		file: "internal/ledger/wal.go",
		old:  "commits(rest) && !w.parted(k)",
		new:  "commits(rest)",
		pkg:  ledger, test: "TestACommitMarkThatMayBeOldIsNoDamage", want: "refused",
	},
	{
		name: "a file whose header a power cut tore is damaged at the first look",
		file: "internal/sqlite/attach.go",
		old:  "if errors.Is(err, sqlite3.IOERR_DATA) {",
		new:  "if false {",
		pkg:  store, test: "TestATornHeaderIsRolledBack", want: "stored data is damaged",
	},
	{
		name: "the number of a page that may be old is taken for a flipped bit",
		file: "internal/ledger/wal.go",
		old:  "	if w.parted(i) {\n		from = salt\n",
		new:  "	if false {\n		from = salt\n",
		pkg:  ledger, test: "TestACommitMarkThatMayBeOldIsNoDamage", want: "refused",
	},
	{
		name: "what was removed comes back with a directory whose name is in doubt",
		file: "internal/store/remove.go",
		old:  "return true, s.dirs.ensure(dir)",
		new:  "return true, nil",
		pkg:  store, test: "TestWhatWasRemovedStaysGoneWithItsDirectory", want: "came back",
	},
}
