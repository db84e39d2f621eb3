package object

import (
	"fmt"
	"strconv"
	"strings"
)

// cursor is a place in an object's history, as followers keep it.
type cursor struct {
	epoch      string
	generation int64
	sequence   int64
}

// String returns the cursor's text: epoch, generation and sequence, the numbers
// in base 36, joined by dots. It is URL-safe.
func (c cursor) String() string {
	b := make([]byte, 0, 48)
	b = append(append(b, c.epoch...), '.')
	b = append(strconv.AppendInt(b, c.generation, 36), '.')
	return string(strconv.AppendInt(b, c.sequence, 36))
}

func parseCursor(text string) (cursor, error) {
	parts := strings.Split(text, ".")
	if len(parts) == 3 && parts[0] != "" {
		generation, err1 := strconv.ParseInt(parts[1], 36, 64)
		sequence, err2 := strconv.ParseInt(parts[2], 36, 64)
		if err1 == nil && err2 == nil && generation > 0 && sequence >= 0 {
			return cursor{parts[0], generation, sequence}, nil
		}
	}
	return cursor{}, fmt.Errorf("%w: %.40q", ErrCursor, text)
}

func (h *Host[S, E]) cursor(generation, sequence int64) string {
	return cursor{h.journal().Epoch(), generation, sequence}.String()
}
