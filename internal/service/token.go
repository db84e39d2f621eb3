package service

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/spectralnotify/spectralnotify/internal/rule"
)

// A page token is where a listing goes on and which listing that is: the first 8
// bytes of the listing's digest, then the place as a varint, in base64url. It is
// no secret and no permission, so it is not signed; the digest only keeps a
// token from being taken to another listing, where its place means nothing.

// seal returns the token of a place in a listing.
func seal(listing [32]byte, place int64) string {
	b := append(make([]byte, 0, 18), listing[:8]...)
	return base64.RawURLEncoding.EncodeToString(binary.AppendVarint(b, place))
}

// A pageToken is what a token says.
type pageToken struct {
	listing [8]byte
	place   int64 // 0 if there is no token
}

// unseal reads a token, "" for none. What no seal made is an error.
func unseal(token string) (pageToken, error) {
	if token == "" {
		return pageToken{}, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 9 {
		return pageToken{}, foreignToken()
	}
	place, n := binary.Varint(b[8:])
	if n != len(b)-8 || place <= 0 {
		return pageToken{}, foreignToken()
	}
	return pageToken{listing: [8]byte(b), place: place}, nil
}

// of fails unless the token is of a listing.
func (t pageToken) of(listing [32]byte) error {
	if t.place != 0 && t.listing != [8]byte(listing[:8]) {
		return foreignToken()
	}
	return nil
}

func foreignToken() error {
	return rule.Invalid("page_token", "belongs to another listing: the filter or the order differs, or the data was replaced since; begin again without it")
}
