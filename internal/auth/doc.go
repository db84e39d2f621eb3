// Package auth knows who a caller is and what he may do: API keys, scopes and
// principals, as values.
//
// It compares and parses; it reads nothing and keeps nothing. Key rows belong to
// the ledger, the table of who may call what belongs to the service, and headers
// belong to the doors.
//
// A secret never leaves by accident: a [Key] prints and logs redacted, and only
// [Key.Reveal] gives it away.
package auth
