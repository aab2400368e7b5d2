package metrics_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// FuzzWaits plays scripts as in TestWaitsForAPick and compares what was counted
// with what the words of the script mean.
func FuzzWaits(f *testing.F) {
	for _, seed := range []string{"qqpc", "qfpc", "fc", "ffd", "mqpmc", "qxqpc", "fsfpc", "qpqpmfd", "qnqnx", "fnqfnpn"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, letters string) {
		letters = strings.Map(func(r rune) rune {
			if strings.ContainsRune("qfspmxn", r) {
				return r
			}
			return -1
		}, letters[:min(len(letters), 20)])
		for _, last := range []string{"c", "d", "x", "cq", "df"} {
			script := strings.Join(strings.Split(letters+last, ""), " ")
			synctest.Test(t, func(t *testing.T) {
				m := metrics.New(metrics.WithLatency())
				playRPC(t, m, script)
				if got, want := pickWaits(t, m), expectedWaits(script); !maps.Equal(got, want) {
					t.Errorf("%s: waits %v, want %v", script, got, want)
				}
			})
		}
	})
}

// expectedWaits cuts the script into waits: stretches of picks that did not
// succeed, up to what ended them. The pickers of a closed policy count nothing.
func expectedWaits(script string) map[string]string {
	count, seconds := make(map[string]int), make(map[string]int)
	stretch := ""
	if beforeClose, _, closed := strings.Cut(script, "x"); closed {
		script = beforeClose + "x"
	}
	for word := range strings.FieldsSeq(script) {
		if word == "q" || word == "f" || word == "n" && stretch != "" {
			stretch += word
			continue
		}
		if why, waited := reasonOf(stretch, word); why != "" {
			count[why]++
			seconds[why] += waited
		}
		stretch = ""
		if word == "m" {
			stretch = "m"
		}
	}
	waits := make(map[string]string)
	for why, n := range count {
		waits[why] = fmt.Sprintf("%d in %v", n, time.Duration(seconds[why])*time.Second)
	}
	return waits
}

// reasonOf says why an RPC waited through the stretch, which the word ended, and
// for how many seconds.
func reasonOf(stretch, word string) (why string, seconds int) {
	asked := strings.TrimRight(stretch, "n")
	seconds = len(stretch)
	unknown := word == "c" || word == "d" || word == "x" // no picker says that the wait is over
	if unknown && asked != stretch {
		seconds = len(asked) - 1 // the last answer, as it did not ask the next picker
	}
	if unknown && (word != "d" || asked != stretch) {
		// Nobody asked after this failure: it may have ended the RPC.
		if before, failed := strings.CutSuffix(asked, "f"); failed && !strings.Contains(before, "f") {
			asked, seconds = before, len(before)
		}
	}
	switch {
	case strings.Contains(asked, "f"):
		why = whyFailing
	case strings.HasPrefix(asked, "m"):
		why = whyMismatch
	case strings.Contains(asked, "q"):
		why = whyConnecting
	}
	return why, seconds
}
