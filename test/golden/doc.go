// Package golden keeps a data directory of every schema that was ever released,
// and shows that the present program opens and migrates each of them, loses
// nothing of it, and refuses those of a later one by name.
//
// A file testdata/ledger-L_task-T_counter-C.tar.gz is a directory as kill -9 leaves it:
// events that only the ledger has, that only files have, that both have, a -wal,
// the file of a deleted task. Beside it is what must be in it. Neither is ever
// changed. A new schema gets new ones: go test ./test/golden -update.
package golden
