// Package journaltest is the suite that every object.Journal must pass: what the
// interface promises, as tests. A journal's own tests call Run.
package journaltest
