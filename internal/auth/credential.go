package auth

import (
	"errors"
	"strings"
)

// ErrScheme: the Authorization header has another scheme than Bearer.
var ErrScheme = errors.New("auth: the Authorization header must read: Bearer <key>")

// Credential returns what a caller shows by the headers Authorization and
// X-API-Key, of which the first wins; "" if he shows nothing.
func Credential(authorization, apiKey string) (string, error) {
	if authorization == "" {
		return apiKey, nil
	}
	scheme, credential, _ := strings.Cut(authorization, " ")
	credential = strings.TrimSpace(credential)
	if !strings.EqualFold(scheme, "Bearer") || credential == "" {
		return "", ErrScheme
	}
	return credential, nil
}
