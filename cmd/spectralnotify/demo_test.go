package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/datadir"
)

func TestDemosThatWereKilledAreRemoved(t *testing.T) {
	temp := t.TempDir()
	made := map[string]string{}
	for _, name := range []string{"killed", "running", "starting", "other"} {
		path := filepath.Join(temp, demoPrefix+name)
		if name == "other" {
			path = filepath.Join(temp, name)
		}
		made[name] = path
		if err := datadir.Dir(path).Make(); err != nil {
			t.Fatal(err)
		}
		lock, err := datadir.Dir(path).Hold()
		if err != nil {
			t.Fatal(err)
		}
		if name == "running" {
			defer lock.Close()
		} else if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		if name != "starting" {
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	removeDemos(temp)
	for name, path := range made {
		if _, err := os.Stat(path); (err != nil) != (name == "killed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
