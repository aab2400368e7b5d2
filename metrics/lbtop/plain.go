package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

// printTables prints once, or at each interval until the context ends. The first
// time is when each client has answered or failed.
func printTables(ctx context.Context, s settings, p *poll.Poller, w io.Writer) (status int, err error) {
	select {
	case <-p.Polled():
	case <-ctx.Done():
		return statusErr, errors.New("interrupted before all clients had answered")
	}
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	for {
		f := fleet.New(p.Clients(), s.options, time.Now())
		if err := printLines(w, view.Print(f, s.rows, time.Now())); err != nil {
			return statusErr, err
		}
		if s.once {
			if f.Well() {
				return statusOK, nil
			}
			return statusBad, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return statusOK, nil
		}
		if err := printLines(w, []view.Line{nil}); err != nil {
			return statusErr, err
		}
	}
}

// printLines writes all lines at once.
func printLines(w io.Writer, lines []view.Line) error {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Plain() + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}
