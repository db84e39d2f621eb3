package ledger

import (
	"context"
	"encoding/binary"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Receipt returns what was kept for an idempotency key; see object.Journal.
func (l *Ledger) Receipt(ctx context.Context, digest [32]byte) (r journal.Receipt, found bool, err error) {
	err = l.read(ctx, func(rd *reader) error {
		b := bound{s: rd.receipt}
		b.int(1, digest8(digest))
		b.blob(2, digest[:])
		if b.err != nil {
			return b.err
		}
		if rd.receipt.Step() {
			r, err = scanReceipt(rd.receipt)
			r.Digest, found = digest, err == nil
			if err != nil {
				_ = rd.receipt.Reset()
				return err
			}
		}
		return rd.receipt.Reset()
	})
	return r, found, err
}

const receiptSQL = `SELECT request, generation, sequence, code, at, object FROM receipt
	WHERE digest8 = ?1 AND digest = ?2 ORDER BY lsn DESC LIMIT 1`

func scanReceipt(s *sqlite3.Stmt) (r journal.Receipt, err error) {
	copy(r.Request[:], s.ColumnRawBlob(0))
	r.Generation = s.ColumnInt64(1)
	r.Sequence = s.ColumnInt64(2)
	r.Code = s.ColumnInt(3)
	r.At = s.ColumnInt64(4)
	r.Row, err = parseRow(s.ColumnBlob(5, nil))
	return r, err
}

// A row in a receipt: a version byte, the numbers as varints, the texts and the
// state each behind its length.
const rowVersion = 1

func appendRow(dst []byte, r *journal.Row) []byte {
	dst = append(dst, rowVersion)
	for _, n := range []int64{r.Generation, int64(r.Status), r.CreatedAt, r.UpdatedAt, r.Sequence, r.LSN, r.Hash, int64(len(r.Tags))} {
		dst = binary.AppendVarint(dst, n)
	}
	for _, t := range []string{r.Class, r.ID, r.Type, r.CreatedBy} {
		dst = appendText(dst, t)
	}
	for _, t := range r.Tags {
		dst = appendText(dst, t)
	}
	return append(dst, r.State...)
}

func appendText(dst []byte, t string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(t))), t...)
}

func parseRow(b []byte) (r journal.Row, err error) {
	p := rowParser{b: b}
	if v := p.version(); v != rowVersion {
		return r, damaged("a receipt's row is of version %d", v)
	}
	r.Generation, r.Status = p.int(), int(p.int())
	r.CreatedAt, r.UpdatedAt, r.Sequence, r.LSN, r.Hash = p.int(), p.int(), p.int(), p.int(), p.int()
	tags := p.int()
	r.Class, r.ID, r.Type, r.CreatedBy = p.text(), p.text(), p.text(), p.text()
	for ; tags > 0 && !p.bad; tags-- {
		r.Tags = append(r.Tags, p.text())
	}
	r.State = p.b
	if p.bad {
		return r, damaged("a receipt's row cannot be read")
	}
	return r, nil
}

type rowParser struct {
	b   []byte
	bad bool
}

func (p *rowParser) version() byte {
	if len(p.b) == 0 {
		return 0
	}
	v := p.b[0]
	p.b = p.b[1:]
	return v
}

func (p *rowParser) int() int64 {
	n, size := binary.Varint(p.b)
	if size <= 0 {
		p.bad, p.b = true, nil
		return 0
	}
	p.b = p.b[size:]
	return n
}

func (p *rowParser) text() string {
	n, size := binary.Uvarint(p.b)
	if size <= 0 || n > uint64(len(p.b)-size) {
		p.bad, p.b = true, nil
		return ""
	}
	t := string(p.b[size : size+int(n)])
	p.b = p.b[size+int(n):]
	return t
}
