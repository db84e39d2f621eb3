package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteAdminKey stores the first key, for the owner alone, durably: when it
// returns nil, the key survives a power cut. A file that is there is replaced.
func (d Dir) WriteAdminKey(key string) error {
	if err := os.Mkdir(d.Secrets(), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("datadir: make secrets: %w", err)
	}
	fresh := d.AdminKey() + ".new"
	if err := writeSync(fresh, key+"\n"); err != nil {
		return err
	}
	if err := os.Rename(fresh, d.AdminKey()); err != nil {
		return fmt.Errorf("datadir: store admin key: %w", err)
	}
	return errors.Join(syncDir(d.Secrets()), syncDir(string(d)))
}

// ReadAdminKey returns the first key, or an error that is os.ErrNotExist if
// there is no such file.
func (d Dir) ReadAdminKey() (string, error) {
	return ReadKey(d.AdminKey())
}

// ReadKey returns the key that a file holds, without the white space around it.
func ReadKey(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("datadir: read key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", fmt.Errorf("datadir: read key: %s is empty", path)
	}
	return key, nil
}

func writeSync(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("datadir: write %s: %w", filepath.Base(path), err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("datadir: write %s: %w", filepath.Base(path), err)
	}
	return nil
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("datadir: sync %s: %w", path, err)
	}
	if err = errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("datadir: sync %s: %w", path, err)
	}
	return nil
}
