package sqlite

import (
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"
)

// Prepare compiles one statement that will be run many times. It is closed with
// Close, or by CloseAll.
func Prepare(c *sqlite3.Conn, sql string) (*sqlite3.Stmt, error) {
	s, tail, err := c.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, fmt.Errorf("sqlite: prepare %q: %w", sql, err)
	}
	if s == nil || tail != "" {
		return nil, fmt.Errorf("sqlite: prepare %q: not exactly one statement", sql)
	}
	return s, nil
}

// Query runs a prepared statement, calls row for each row of its answer and
// resets it. It stops at the first error, which it returns.
func Query(s *sqlite3.Stmt, row func() error) error {
	for s.Step() {
		if err := row(); err != nil {
			_ = s.Reset()
			return err
		}
	}
	// An interrupt is known to the statement only, and Reset forgets it: without
	// this a read that was given up would look like a whole one.
	if err := s.Err(); err != nil {
		_ = s.Reset()
		return err
	}
	return s.Reset()
}

// Bind binds values to a statement's parameters, from the first on: int, int64,
// bool, string, []byte (nil is NULL) or nil. It is for statements that are not hot.
func Bind(s *sqlite3.Stmt, values ...any) error {
	for i, v := range values {
		if err := bind(s, i+1, v); err != nil {
			return err
		}
	}
	return nil
}

func bind(s *sqlite3.Stmt, i int, v any) error {
	switch v := v.(type) {
	case nil:
		return s.BindNull(i)
	case int:
		return s.BindInt(i, v)
	case int64:
		return s.BindInt64(i, v)
	case bool:
		return s.BindBool(i, v)
	case string:
		return s.BindText(i, v)
	case []byte:
		return s.BindBlob(i, v)
	}
	return fmt.Errorf("sqlite: cannot bind a %T", v)
}

// Exec compiles a statement, binds values as Bind does, runs it and drops it.
// It returns how many rows it changed.
func Exec(c *sqlite3.Conn, sql string, values ...any) (int64, error) {
	err := Each(c, sql, func(*sqlite3.Stmt) error { return nil }, values...)
	return c.Changes(), err
}

// Each compiles a query, binds values as Bind does, calls row for each row of
// its answer and drops it.
func Each(c *sqlite3.Conn, sql string, row func(*sqlite3.Stmt) error, values ...any) error {
	s, tail, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	if s == nil || tail != "" {
		return fmt.Errorf("sqlite: %q: not exactly one statement", sql)
	}
	defer s.Close()
	if err := Bind(s, values...); err != nil {
		return err
	}
	return Query(s, func() error { return row(s) })
}

// Int returns the first column of the first row of a query; 0 if there is none.
func Int(c *sqlite3.Conn, sql string, values ...any) (n int64, err error) {
	err = Each(c, sql, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil }, values...)
	return n, err
}

// Text returns the first column of the last row of a query; "" if there is none.
func Text(c *sqlite3.Conn, sql string, values ...any) (t string, err error) {
	err = Each(c, sql, func(s *sqlite3.Stmt) error { t = s.ColumnText(0); return nil }, values...)
	return t, err
}

// CloseAll closes a connection with all its statements. A nil connection is no
// error.
func CloseAll(c *sqlite3.Conn) error {
	if c == nil {
		return nil
	}
	closeStmts(c)
	return c.Close()
}

func closeStmts(c *sqlite3.Conn) {
	for _, s := range slices.Collect(c.Stmts()) {
		_ = s.Close() // removes itself from Stmts
	}
}
