package mutant

const (
	object = "./internal/object"
	watch  = "./internal/watch"
	ledger = "./internal/ledger"
)

var mutants = []mutant{
	{
		name: "a follower that falls behind is given the oldest message that is left",
		file: "internal/watch/topic.go",
		old:  "if i := len(t.tail) - int(t.last-sequence); i >= 0 && len(t.tail) > 0 {",
		new:  "if i := max(0, len(t.tail)-int(t.last-sequence)); len(t.tail) > 0 {",
		pkg:  watch, test: "TestNoFollowerMissesAnything|TestAfter",
	},
	{
		name: "what was decided on a commit that found no room is committed",
		file: "internal/object/refuse.go",
		old:  "failed := g.queue.takeIf(void)",
		new:  "var failed []*ticket",
		pkg:  object, test: "TestAFullJournalRefusesOnlyWhatAdds",
	},
	{
		name: "a journal that broke beside the commits is not opened again",
		file: "internal/ledger/transact.go",
		old:  "case l.broke <- struct{}{}:",
		new:  "case make(chan struct{}) <- struct{}{}:",
		pkg:  ledger, test: "TestBreakingOutsideACommitIsTold",
	},
	{
		name: "a refusal does not wait for what it was decided on",
		file: "internal/object/do.go",
		old:  "if err := t.wait(ctx); err != nil { // t is what the refusal was decided on",
		new:  "if err := (*ticket)(nil).wait(ctx); err != nil {",
		pkg:  object, test: "TestRefusalWaitsForWhatItWasDecidedOn",
	},
	{
		name: "a read shows what is not durable",
		file: "internal/object/do.go",
		old:  "return o.committed, nil",
		new:  "return o.tentative.state, nil",
		pkg:  object, test: "TestNothingIsShownBeforeItIsDurable",
	},
	{
		name: "memory is kept after a commit failed",
		file: "internal/object/show.go",
		old:  "	h.leave(o)\n	h.dropTopic(o)\n",
		new:  "",
		pkg:  object, test: "TestFailedCommit",
	},
	{
		name: "a break is told to the host whose commit failed only",
		file: "internal/object/commit.go",
		old:  "for _, m := range g.members() {",
		new:  "for _, m := range g.members()[1:] {",
		pkg:  object, test: "TestABreakIsABreakForEveryHost",
	},
	{
		name: "a full journal is emptied of one class only",
		file: "internal/object/do.go",
		old:  "h.group.urge()",
		new:  "h.urge()",
		pkg:  object, test: "TestRoomIsMadeByEveryHost",
	},
	{
		name: "pending events are dropped before the file shows them",
		file: "internal/object/scribe.go",
		old:  "row.Generation, row.LSN, row.Hash = o.generation, o.lsn, o.hash\n",
		new:  "row.Generation, row.LSN, row.Hash = o.generation, o.lsn, o.hash\n	o.pending.drop(o.pending.last)\n",
		pkg:  object, test: "TestObjectIsSetAside",
	},
	{
		name: "a follower that catches up skips an event",
		file: "internal/object/follower.go",
		old:  "w.host.records(ctx, v, w.at+1,",
		new:  "w.host.records(ctx, v, min(w.at+2, v.sequence),",
		pkg:  object, test: "TestEveryFollowerSeesEveryEventOnce|TestFollowFromSnapshotToEnd",
	},
	{
		name: "twins of an idempotent call do not wait for the first",
		file: "internal/object/once.go",
		old:  "if !busy {",
		new:  "if other == nil || busy {",
		pkg:  object, test: "TestTwinsHappenOnce",
	},
	{
		name: "the retry of a call whose caller left does not wait for it",
		file: "internal/object/once.go",
		old:  "			t.settle(context.WithoutCancel(ctx))\n",
		new:  "",
		pkg:  object, test: "TestRetryWaitsForTheCallThatWasLeft",
	},
	{
		name: "an object whose file cannot be written grows without bound",
		file: "internal/object/do.go",
		old:  "return o.aside != nil && o.pending.bytes > limit",
		new:  "return false",
		pkg:  object, test: "TestObjectIsSetAside",
	},
	{
		name: "calls are decided across the end of an object",
		file: "internal/object/do.go",
		old:  "		o.barrier = o.newest\n		return\n",
		new:  "		return\n",
		pkg:  object, test: "TestCreateAndDeleteOfOneIDFollowEachOther",
	},
	{
		name: "plain calls use up the room that is kept for calls that end work",
		file: "internal/ledger/room.go",
		old:  "return !(plain && used >= r.max) && used+grow <= r.max+r.max/10",
		new:  "return (!plain || used >= 0) && used+grow <= r.max+r.max/10",
		pkg:  ledger, test: "TestTheCapRefusesAndTheReserveDoesNot",
	},
	{
		name: "an object is served although its journal does not reach its row",
		file: "internal/ledger/load.go",
		old:  "last.Sequence != row.Sequence || last.Hash != row.Hash {",
		new:  "last.Sequence < 0 {",
		pkg:  ledger, test: "TestLoadNoticesDamage",
	},
	{
		name: "counts are not kept in the commit",
		file: "internal/ledger/commit.go",
		old:  "l.w.tallies(p.tally)",
		new:  "l.w.tallies(nil)",
		pkg:  ledger, test: "TestTalliesCountEachStatus",
	},
	{
		name: "receipts expire by the wall clock",
		file: "internal/ledger/sweep.go",
		old:  "cutoff := l.uptimeNow() - day",
		new:  "cutoff := l.cfg.Now()/1_000_000 - day",
		pkg:  ledger, test: "TestReceiptsGoByUptimeNotByTheWallClock",
	},
	{
		name: "an idempotent call leaves no receipt",
		file: "internal/ledger/commit.go",
		old:  "if c.Receipt == nil {",
		new:  "if true {",
		pkg:  ledger, test: "TestConformance",
	},
	{
		name: "readers go on with a ledger whose commit failed",
		file: "internal/ledger/transact.go",
		old:  "		p.shut()\n",
		new:  "		_ = p\n",
		pkg:  ledger, test: "TestNothingWorksBetweenAFailureAndItsRecovery",
	},
	{
		name: "an object falls asleep while a commit of it is under way",
		file: "internal/object/agenda.go",
		old:  "if !o.homing && o.newest == nil && h.next(o) <= h.cfg.Uptime() {",
		new:  "if o.pending.empty() || h.next(o) <= h.cfg.Uptime() {",
		pkg:  object, test: "TestAnObjectStaysAwakeWhileACommitIsUnderWay",
	},
}
