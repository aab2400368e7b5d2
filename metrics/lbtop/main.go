package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/screen"
)

// The exit statuses.
const (
	statusOK  = 0
	statusBad = 1 // of -once: a backend is down, or a client does not answer
	statusErr = 2 // lbtop itself could not do what was asked
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], http.DefaultTransport, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run runs the program until the context ends, the user quits, or all is printed.
func run(ctx context.Context, args []string, transport http.RoundTripper, stdout, stderr io.Writer) int {
	s, err := parse(args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "lbtop: %v\n", err)
		return statusErr
	case s.help:
		fmt.Fprint(stdout, usage())
		return statusOK
	}
	ctx, cancel := context.WithCancel(ctx)
	poller := newPoller(s, transport)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { poller.Run(ctx) })

	status := statusOK
	if terminal(stdout) && !s.once {
		err = interact(ctx, s, poller)
	} else {
		status, err = printTables(ctx, s, poller, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "lbtop: %v\n", err)
		return statusErr
	}
	return status
}

// terminal reports whether the file is a terminal that can show a screen.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}

func newPoller(s settings, transport http.RoundTripper) *poll.Poller {
	getters := make([]poll.Getter, len(s.addresses))
	for i, a := range s.addresses {
		getters[i] = fetch.NewClient(a, transport, s.timeout)
	}
	return poll.New(fetch.Names(s.addresses), getters, s.interval)
}

// interact shows the screen until the user quits or the context ends.
func interact(ctx context.Context, s settings, p *poll.Poller) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	program := tea.NewProgram(screen.New(p, ctx.Done(), s.options, s.interval), tea.WithoutSignalHandler())
	defer context.AfterFunc(ctx, program.Quit)()
	if _, err := program.Run(); err != nil {
		return fmt.Errorf("show the screen: %w", err)
	}
	return nil
}
