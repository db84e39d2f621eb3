// Package backup copies a data directory that is in use, and makes one anew: of
// a backup, or, when the ledger is lost, of the files of its objects.
//
//	BACKUP/
//	  backup.json     what it is; written last, so without it nothing is whole
//	  ledger-copy.db  the ledger at one moment
//	  objects/        as in the data directory, maybe newer than the ledger
//
// It guarantees that what Take answered for is on the disk, whole, and that
// Restore and Rebuild end with a data directory that is whole or refused. It does
// not know what objects mean, nor how a ledger or a file is made.
package backup
