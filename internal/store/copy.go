package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Copy writes a generation's file to a writer, as it is at one moment: a SQLite
// database that needs no other file. Each page is checked on the way. The error
// is as History's, or the writer's; what was written before it is worthless.
func (s *Store[S, E]) Copy(ctx context.Context, generation int64, to io.Writer) error {
	path := s.Path(generation)
	err := s.reading(ctx, path, func(c *sqlite3.Conn) error {
		defer c.SetInterrupt(c.SetInterrupt(ctx))
		return s.pages(ctx, c, generation, to)
	})
	if err != nil {
		return fmt.Errorf("store: copy %s: %w", path, failure(err))
	}
	return nil
}

// pages writes all pages in one read transaction, in which the file does not
// change.
func (s *Store[S, E]) pages(ctx context.Context, c *sqlite3.Conn, generation int64, to io.Writer) (err error) {
	tx := c.Begin()
	defer tx.End(&err)
	if _, err := s.schema.head(c, generation); err != nil {
		return err
	}
	n, err := sqlite.Int(c, "PRAGMA "+sqlite.Attached+".page_count")
	if err != nil {
		return err
	}
	// The file below SQLite, but above what verifies checksums: it does so for
	// each read of just one page.
	pointer, err := c.FileControl(sqlite.Attached, sqlite3.FCNTL_FILE_POINTER)
	if err != nil {
		return err
	}
	file, ok := pointer.(io.ReaderAt)
	if !ok {
		return fmt.Errorf("store: a file that is a %T cannot be read", pointer)
	}
	return copyPages(ctx, file, n, to)
}

// copyChunk is how much Copy hands to its writer at once.
const copyChunk = 64 << 10

func copyPages(ctx context.Context, file io.ReaderAt, pages int64, to io.Writer) error {
	chunk := make([]byte, 0, min(pages*pageSize, copyChunk))
	for n := range pages {
		page := chunk[len(chunk) : len(chunk)+pageSize]
		if _, err := file.ReadAt(page, n*pageSize); errors.As(err, new(syscall.Errno)) {
			return err
		} else if err != nil { // it ends early, or the checksum is wrong
			return fmt.Errorf("%w: page %d of %d: %w", journal.ErrDamaged, n+1, pages, err)
		}
		if chunk = chunk[:len(chunk)+pageSize]; len(chunk) < cap(chunk) && n < pages-1 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := to.Write(chunk); err != nil {
			return err
		}
		chunk = chunk[:0]
	}
	return nil
}
