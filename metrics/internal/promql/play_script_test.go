package promql_test

import (
	"os"
	"strings"
	"testing"
)

// script is a play: steps, each of which ends with a line of dashes and the answers
// then. An empty line ends the answers. What begins with # is a comment. See commands
// for what a step may have; time passes in those called run.
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
	answers := false // the lines after the dashes, until an empty one
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
