package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// PollInterval is the time between two reads of [Watch].
const PollInterval = time.Second

// ReadFile reads a list of at least one backend from a file, one per line. It skips
// empty lines and lines that start with #. It refuses what [Parse] refuses, and
// also port 0, because the file is for clients.
func ReadFile(path string) ([]Backend, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	backends, err := parse(slices.Values(lines), "one on each line")
	if err == nil && len(backends) == 0 {
		err = errors.New("no backend; want NAME=HOST:PORT, one on each line")
	}
	if err == nil {
		err = CheckPorts(backends)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return backends, nil
}

// CheckPorts refuses port 0, because a client cannot know which port the server chose.
func CheckPorts(backends []Backend) error {
	for _, b := range backends {
		if b.Port() == "0" {
			return fmt.Errorf("%s has port 0, which only a server can take; give the port that it prints", b)
		}
	}
	return nil
}

// Watch reads the file every [PollInterval] until ctx is done. It calls tell with
// the list whenever that has changed; known is the first one. If it cannot read the
// file, it calls tell once with the error, and with the list when it can again.
func Watch(ctx context.Context, path string, known []Backend, tell func([]Backend, error)) {
	tick := time.NewTicker(PollInterval)
	defer tick.Stop()
	var failed error
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		backends, err := ReadFile(path)
		switch {
		case err != nil:
			if failed == nil || failed.Error() != err.Error() {
				tell(nil, err)
			}
		case failed != nil || !slices.Equal(backends, known):
			known = backends
			tell(backends, nil)
		}
		failed = err
	}
}
