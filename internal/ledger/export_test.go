package ledger

// The ledgers with a safety taken out, for tests that must notice.

func NewWithoutInspection(cfg Config) (*Ledger, error) { return create(cfg, mutant{inspection: true}) }

func NewWithoutCheckpoint(cfg Config) (*Ledger, error) {
	return create(cfg, mutant{checkpoint: true, cut: true})
}

// CheckpointPages is for tests that fill the -wal.
const CheckpointPages = checkpointPages

func NewWithoutCut(cfg Config) (*Ledger, error) { return create(cfg, mutant{cut: true}) }
