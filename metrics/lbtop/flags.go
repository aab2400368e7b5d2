package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
)

// settings are what the command line says.
type settings struct {
	help              bool
	addresses         []fetch.Address
	options           fleet.Options
	interval, timeout time.Duration
	once              bool
	rows              int
}

// leastInterval is the shortest interval. A page takes samples once a second, so
// shorter intervals show nothing new.
const leastInterval = 100 * time.Millisecond

const intro = `usage: lbtop [flags] URL...

Lbtop shows the live pages of one or many processes. A URL is that of a live page, as
http://host:8080/debug/lb, with user:password@ before the host if it asks for these.
host:8080 alone means http and /debug/lb. @FILE means the URLs in a file, one a line.

On a terminal it shows a screen (? has the keys), elsewhere one table per interval.

Exit status: 0; with -once 1 if a backend is down for a client, RPCs fail by the page
of a client, or a client does not answer; 2 if lbtop itself fails.

Flags:
`

func newFlags(s *settings, window *string) *flag.FlagSet {
	flags := flag.NewFlagSet("lbtop", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&s.interval, "interval", 2*time.Second, "`time` between two looks at a page, from 100ms")
	flags.DurationVar(&s.timeout, "timeout", 5*time.Second, "`time` after which a page counts as failed")
	flags.BoolVar(&s.once, "once", false, "print one table and exit")
	flags.StringVar(&s.options.Target, "target", "", "show only targets with this `text` in their name")
	flags.StringVar(&s.options.Policy, "policy", "", "show only targets under this policy, by its `name`")
	flags.IntVar(&s.rows, "n", 20, "print at most this `number` of backends of a target, the worst first; 0 for all")
	flags.StringVar(window, "window", "10s", "show the rates and latencies of the last `10s or 1m`")
	return flags
}

func usage() string { return intro + flagList() }

func flagList() string {
	var b strings.Builder
	flags := newFlags(new(settings), new(string))
	flags.SetOutput(&b)
	flags.PrintDefaults()
	return b.String()
}

// parse reads the command line. Flags may stand before and after URLs.
func parse(args []string) (settings, error) {
	var s settings
	var window string
	flags := newFlags(&s, &window)
	var urls []string
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return settings{help: true}, nil
		} else if err != nil {
			return s, fmt.Errorf("read flags: %w; -help lists them", err)
		}
		if flags.NArg() == 0 {
			break
		}
		urls, args = append(urls, flags.Arg(0)), flags.Args()[1:]
	}
	switch window {
	case "10s":
		s.options.Window = fleet.Short
	case "1m":
		s.options.Window = fleet.Long
	default:
		return s, fmt.Errorf("read flags: -window is %q; valid: 10s, 1m", window)
	}
	if err := s.check(); err != nil {
		return s, fmt.Errorf("read flags: %w", err)
	}
	addresses, err := addressesOf(urls)
	s.addresses = addresses
	return s, err
}

func (s *settings) check() error {
	switch {
	case s.interval < leastInterval:
		return fmt.Errorf("-interval is %v; valid: from %v", s.interval, leastInterval)
	case s.timeout <= 0:
		return fmt.Errorf("-timeout is %v; valid: above 0", s.timeout)
	case s.rows < 0:
		return fmt.Errorf("-n is %d; valid: from 1, or 0 for all", s.rows)
	}
	return nil
}

// addressesOf returns the addresses, each once, in their order.
func addressesOf(urls []string) ([]fetch.Address, error) {
	var addresses []fetch.Address
	for _, url := range urls {
		if name, ok := strings.CutPrefix(url, "@"); ok {
			some, err := readFile(name)
			if err != nil {
				return nil, err
			}
			addresses = append(addresses, some...)
			continue
		}
		a, err := fetch.ParseAddress(url)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, a)
	}
	if len(addresses) == 0 {
		return nil, errors.New("no URLs: give that of a live page, as localhost:8080 or http://host:8080/debug/lb, or @FILE; -help says more")
	}
	return fetch.Unique(addresses), nil
}

// readFile reads URLs, one a line. It skips empty lines and those that begin with #.
func readFile(name string) ([]fetch.Address, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the URLs of @%s: %w", name, errors.Unwrap(err))
	}
	var addresses []fetch.Address
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		a, err := fetch.ParseAddress(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		addresses = append(addresses, a)
	}
	return addresses, nil
}
