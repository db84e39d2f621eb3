package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/store"
)

// The names in a backup.
const (
	manifestName = "backup.json"
	ledgerName   = datadir.BackupLedger
	objectsName  = "objects"
)

// format is the number of this layout of backups.
const format = 1

// The reasons why a directory is no backup that can be restored, by errors.Is.
var (
	// ErrUnfinished: it was never finished, or is no backup.
	ErrUnfinished = errors.New("not a whole backup")

	// ErrNewer: a later version of the program made it.
	ErrNewer = errors.New("made by a newer spectralnotify")
)

// A Manifest says what a backup is.
type Manifest struct {
	Format  int       `json:"format"`
	TakenAt time.Time `json:"taken_at"`
	Epoch   string    `json:"epoch"`   // of the ledger it was taken of
	LSN     int64     `json:"lsn"`     // the ledger position it stands at
	Objects int64     `json:"objects"` // how many it has
	Files   int64     `json:"files"`   // how many of them have a file; the ledger has all of the others
	Bytes   int64     `json:"bytes"`   // how large it is, but for this
}

// ReadManifest returns what a backup is. It fails with ErrUnfinished or ErrNewer.
func ReadManifest(dir string) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, fmt.Errorf("backup: %s: %w: it has no %s, so its backup was interrupted, or it is something else", dir, ErrUnfinished, manifestName)
	case err != nil:
		return m, fmt.Errorf("backup: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Format < 1 {
		return m, fmt.Errorf("backup: %s: %w: its %s cannot be read: %v", dir, ErrUnfinished, manifestName, err)
	}
	if m.Format > format {
		return m, fmt.Errorf("backup: %s: %w: format %d, this one knows %d", dir, ErrNewer, m.Format, format)
	}
	return m, nil
}

// write makes the manifest durable, and so the backup whole.
func (m Manifest) write(disk store.Disk, dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(disk, filepath.Join(dir, manifestName), append(text, '\n')); err != nil {
		return err
	}
	return disk.SyncDir(dir)
}

// writeFile makes a new file, durable but for its name.
func writeFile(disk store.Disk, path string, content []byte) error {
	f, err := disk.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
