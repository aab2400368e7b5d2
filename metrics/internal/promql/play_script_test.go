package promql_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// script is a play: steps, each of which ends with a run, a line of
// dashes and the answers then. An empty line ends the answers. What begins with #
// is a comment. The commands are
//
//	start CLIENT [rps=N] [limit=N] [retention=D]   a process starts, or starts anew
//	stop CLIENT                                    a process is killed
//	resolve CLIENT ADDRESS...                      it has a result of name resolution
//	down ADDRESS...                                servers end
//	up ADDRESS...                                  servers start
//	answer ADDRESS CODE                            what RPCs end with, from now on
//	health ADDRESS STATE                           what health checks say, one of healths
//	call ADDRESS NAME                              how the metrics are to name new subchannels to the address
//	run D                                          time passes
type script []step

type step struct {
	text     string // with comments, up to and with the dashes
	commands [][]string
	want     string
}

const dashes = "----\n"

func readScript(t *testing.T, file string) (s script) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parseScript(t, file, string(text))
}

func parseScript(t *testing.T, file, text string) (s script) {
	t.Helper()
	var now step
	answers := false // follow
	for line := range strings.Lines(text) {
		switch {
		case answers && line != "\n":
			now.want += line
		case answers:
			s, now, answers = append(s, now), step{}, false
		default:
			now.text += line
			answers = line == dashes
			if command, _, _ := strings.Cut(line, "#"); !answers && strings.TrimSpace(command) != "" {
				now.commands = append(now.commands, strings.Fields(command))
			}
		}
	}
	if !answers {
		t.Fatalf("%s does not end with the answers of a step", file)
	}
	return append(s, now)
}

// with returns the script's text with these answers.
func (s script) with(answers []string) string {
	var b strings.Builder
	for i, step := range s {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(step.text + answers[i])
	}
	return b.String()
}

// do executes a command.
func (s *stage) do(command []string) error {
	name, args := command[0], command[1:]
	atLeast := map[string]int{"start": 1, "stop": 1, "resolve": 1, "down": 1, "up": 1, "answer": 2, "health": 2, "call": 2, "run": 1}
	if n, ok := atLeast[name]; !ok || len(args) < n {
		return fmt.Errorf("there is no command %v", command)
	}
	switch name {
	case "start":
		return s.doStart(args[0], args[1:])
	case "stop":
		s.stop(args[0])
	case "resolve":
		c := s.clients[args[0]]
		if c == nil {
			return fmt.Errorf("%s does not run", args[0])
		}
		c.resolve(args[1:]...)
	case "down", "up":
		for _, addr := range args {
			s.down[addr] = name == "down"
		}
	case "answer":
		return s.doAnswer(args[0], args[1])
	case "health":
		h, ok := healths[args[1]]
		if !ok {
			return fmt.Errorf("health: there is no state %s", args[1])
		}
		s.health[args[0]] = h
	case "call":
		s.names[args[0]] = args[1]
	case "run":
		d, err := time.ParseDuration(args[0])
		s.run(d)
		return err
	}
	return nil
}

func (s *stage) doAnswer(addr, code string) error {
	var c codes.Code
	if err := c.UnmarshalJSON([]byte(strconv.Quote(code))); err != nil {
		return err
	}
	s.answers[addr] = c
	return nil
}

func (s *stage) doStart(instance string, settings []string) error {
	rps := 60
	var opts []metrics.Option
	for _, setting := range settings {
		key, text, _ := strings.Cut(setting, "=")
		n, _ := strconv.Atoi(text)
		d, _ := time.ParseDuration(text)
		switch {
		case key == "rps" && n > 0:
			rps = n
		case key == "limit" && n > 0:
			opts = append(opts, metrics.WithMaxBackends(n))
		case key == "retention" && d > 0:
			opts = append(opts, metrics.WithRetention(d))
		default:
			return fmt.Errorf("start: there is no setting %q", setting)
		}
	}
	s.start(instance, rps, opts...)
	return nil
}
