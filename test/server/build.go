package server

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build builds the binary into dir and returns its path. The flags go to
// `go build`.
func Build(dir string, flags ...string) (string, error) {
	path := filepath.Join(dir, "spectralnotify")
	args := append([]string{"build", "-buildvcs=false", "-o", path}, flags...)
	args = append(args, "github.com/spectralnotify/spectralnotify/cmd/spectralnotify")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("server: build: %w\n%s", err, out)
	}
	return path, nil
}
