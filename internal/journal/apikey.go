package journal

// An APIKey is what is kept of a caller's key: enough to check it, not to use it.
type APIKey struct {
	ID         string   // public part of the key; unique
	Name       string   // what a human calls it
	Subject    string   // who calls with it
	SecretHash [32]byte // SHA-256 of the secret part
	Scopes     []string
	CreatedAt  int64
	ExpiresAt  int64 // 0 is never
	LastUsedAt int64 // 0 is never
	RevokedAt  int64 // 0 is not
}

// A Tombstone is what is left of a deleted object, for a day.
type Tombstone struct {
	Key
	Generation int64
	LSN        int64 // of the delete
	DeletedAt  int64
}
