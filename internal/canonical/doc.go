// Package canonical is the form in which classes keep their states and events:
// compact JSON of one fixed order of fields, in which a field of a zero value is
// absent, and values in the columns of an object's file.
//
// Equal things have equal forms, for all time, since hashes are made of them. What
// is read is checked: anything that was not written here is journal.ErrDamaged.
package canonical
