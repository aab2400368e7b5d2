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
	for _, seed := range []string{"qqpc", "qfpc", "fc", "ffd", "mqpmc", "qxqpc", "fsfpc", "qpqpmfd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, letters string) {
		letters = strings.Map(func(r rune) rune {
			if strings.ContainsRune("qfspmx", r) {
				return r
			}
			return -1
		}, letters[:min(len(letters), 20)])
		for _, last := range []string{"c", "d", "cq", "df"} {
			script := strings.Join(strings.Split(letters+last, ""), " ")
			synctest.Test(t, func(t *testing.T) {
				m := metrics.New(metrics.WithLatency())
				playRPC(t, m, script)
				if got, want := pickWaits(t, m), expectedWaits(script); !maps.Equal(got, want) {
					t.Errorf("%s: waits %v, want %v", script, got, want)
				}
				if n := metrics.Waiting(m); n != 0 {
					t.Errorf("%s: RPCs that still wait at the end: %d, want none", script, n)
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
		if word == "q" || word == "f" {
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
	if word == "c" || word == "x" {
		// Nobody asked after this failure: it may have ended the RPC.
		if asked, failed := strings.CutSuffix(stretch, "f"); failed && !strings.Contains(asked, "f") {
			stretch = asked
		}
	}
	switch {
	case strings.Contains(stretch, "f"):
		why = whyFailing
	case strings.HasPrefix(stretch, "m"):
		why = whyMismatch
	case strings.Contains(stretch, "q"):
		why = whyConnecting
	}
	return why, len(stretch)
}
