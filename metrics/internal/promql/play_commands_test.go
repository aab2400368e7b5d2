package promql_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// command is what a line of a script can do. CLIENTS is the name of a client, or
// shop-1..5 for five, or "all" for those that run.
type command struct {
	usage string // its words, after the name; those in brackets may be left out
	do    func(s *stage, args []string) error
}

// commands are all that there are, by name.
var commands = map[string]command{
	// Client processes start, with these settings: see clientSettings.
	"start": {"CLIENTS [SETTING=VALUE]...", (*stage).doStart},

	// They are killed.
	"stop": {"CLIENTS", eachClient(func(s *stage, c *playClient, _ []string) { s.stop(c.instance) })},

	// They are killed, and start anew with the settings and addresses that they had.
	"restart": {"CLIENTS", eachClient(func(s *stage, c *playClient, _ []string) { s.restart(c) })},

	// They have a result of name resolution.
	"resolve": {"CLIENTS ADDRESS...", eachClient(func(_ *stage, c *playClient, addrs []string) { c.resolve(addrs...) })},

	// In all clients, name resolution has the address NEW in the place of OLD.
	"replace": {"OLD NEW", func(s *stage, args []string) error { s.replace(args[0], args[1]); return nil }},

	// Their resolver fails from now on, or works again.
	"resolver": {"CLIENTS fails|works", eachClient(func(_ *stage, c *playClient, args []string) { c.setResolver(args[0] == "works") })},

	// Servers end, or start.
	"down": {"ADDRESS...", func(s *stage, addrs []string) error { s.setDown(addrs, true); return nil }},
	"up":   {"ADDRESS...", func(s *stage, addrs []string) error { s.setDown(addrs, false); return nil }},

	// A server closes its connections, and accepts new ones.
	"drop": {"ADDRESS", func(s *stage, args []string) error { s.drop(args[0]); return nil }},

	// What RPCs end with, from now on, and how long they take.
	"answer": {"ADDRESS CODE", (*stage).doAnswer},
	"takes":  {"ADDRESS DURATION", (*stage).doTakes},

	// What health checks say, or outlier detection: one of healths.
	"health": {"ADDRESS STATE", (*stage).doHealth},

	// How many picks the backend gets for each one that another gets, from policies
	// of the plays. It is 1 until then.
	"weight": {"ADDRESS WEIGHT", (*stage).doWeight},

	// How the metrics are to name new subchannels to the address.
	"call": {"ADDRESS NAME", func(s *stage, args []string) error { s.names[args[0]] = args[1]; return nil }},

	// Time passes.
	"run": {"DURATION", (*stage).doRun},
}

// do executes a line of a script.
func (s *stage) do(line []string) error {
	c, ok := commands[line[0]]
	words := strings.Fields(strings.ReplaceAll(c.usage, "[SETTING=VALUE]...", ""))
	if args := line[1:]; ok && len(args) >= len(words) {
		if err := c.do(s, args); err != nil {
			return fmt.Errorf("%v: %w", line, err)
		}
		return nil
	}
	return fmt.Errorf("%v is not %s %s", line, line[0], c.usage)
}

// eachClient makes a command of what it does with a client.
func eachClient(do func(s *stage, c *playClient, args []string)) func(*stage, []string) error {
	return func(s *stage, args []string) error {
		if args[0] == "all" {
			for _, c := range s.sorted() {
				do(s, c, args[1:])
			}
			return nil
		}
		for _, instance := range instances(args[0]) {
			c := s.clients[instance]
			if c == nil {
				return fmt.Errorf("%s does not run", instance)
			}
			do(s, c, args[1:])
		}
		return nil
	}
}

// instances returns the names of clients: shop-1 and shop-2 for shop-1..2.
func instances(text string) (all []string) {
	first, last, many := strings.Cut(text, "..")
	if !many {
		return []string{text}
	}
	at := strings.LastIndexByte(first, '-') + 1
	from, _ := strconv.Atoi(first[at:])
	to, _ := strconv.Atoi(last)
	for i := from; i <= to; i++ {
		all = append(all, first[:at]+strconv.Itoa(i))
	}
	return all
}

func (s *stage) doStart(args []string) error {
	settings, err := readClientSettings(args[1:])
	if err != nil {
		return err
	}
	for _, instance := range instances(args[0]) {
		s.start(instance, settings)
	}
	return nil
}

func (s *stage) doAnswer(args []string) error {
	var c codes.Code
	if err := c.UnmarshalJSON([]byte(strconv.Quote(args[1]))); err != nil {
		return err
	}
	s.answers[args[0]] = c
	return nil
}

func (s *stage) doTakes(args []string) (err error) {
	s.takes[args[0]], err = time.ParseDuration(args[1])
	return err
}

func (s *stage) doHealth(args []string) error {
	h, ok := healths[args[1]]
	if !ok {
		return fmt.Errorf("there is no state %s", args[1])
	}
	s.health[args[0]] = h
	return nil
}

func (s *stage) doWeight(args []string) (err error) {
	s.weights[args[0]], err = strconv.Atoi(args[1])
	return err
}

func (s *stage) doRun(args []string) error {
	d, err := time.ParseDuration(args[0])
	s.run(d)
	return err
}
