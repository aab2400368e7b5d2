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

// FuzzWaits plays random scripts as in TestWaitsForAPick and compares the waits with
// an independent specification, expectedWaits.
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

// expectedWaits splits the script into waits. A wait is a stretch of picks that did
// not succeed, up to the word that ended it. Pickers of a closed policy count
// nothing.
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

// reasonOf returns why an RPC waited during the stretch, and for how many seconds.
// The word is what ended the stretch.
func reasonOf(stretch, word string) (why string, seconds int) {
	asked := strings.TrimRight(stretch, "n")
	seconds = len(stretch)
	unknown := word == "c" || word == "d" || word == "x" // no picker reports the end of the wait
	if unknown && asked != stretch {
		seconds = len(asked) - 1 // up to the last answer, because it did not ask the next picker
	}
	if unknown && (word != "d" || asked != stretch) {
		// The RPC did not ask again after this failure, which may have ended it.
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
