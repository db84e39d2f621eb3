package auth

import "log/slog"

// A Principal is who makes a call. The zero value is an anonymous caller.
type Principal struct {
	Subject string // recorded as actor and creator; empty for anonymous callers
	Scopes  Scopes
	Expires int64 // Unix microseconds when the credential ends; 0 is never
}

// Anonymous reports whether the caller showed no credential.
func (p Principal) Anonymous() bool { return p.Subject == "" }

// Admin reports whether the caller may do everything.
func (p Principal) Admin() bool { return p.Scopes&Admin != 0 }

// LogValue implements slog.LogValuer.
func (p Principal) LogValue() slog.Value {
	if p.Anonymous() {
		return slog.StringValue("anonymous")
	}
	return slog.StringValue(p.Subject)
}
