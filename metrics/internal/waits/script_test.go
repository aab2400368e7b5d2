package waits_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/internal/waits"
)

// tally is a target. It keeps the waits that were counted.
type tally struct {
	mu      sync.Mutex
	begun   int
	waiting int
	count   [waits.NumReasons]int
	sum     [waits.NumReasons]time.Duration
}

func (ta *tally) WaitBegins() {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	ta.begun++
	ta.waiting++
}

func (ta *tally) WaitEnds() {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	ta.waiting--
}

func (ta *tally) Delayed(why waits.Reason, waited time.Duration) {
	ta.mu.Lock()
	defer ta.mu.Unlock()
	ta.count[why]++
	ta.sum[why] += waited
}

// counted returns the waits that were counted, by reason, in the form "2 in 3s".
func (ta *tally) counted() map[waits.Reason]string {
	got := make(map[waits.Reason]string)
	for why := range waits.NumReasons {
		if ta.count[why] > 0 {
			got[why] = fmt.Sprintf("%d in %v", ta.count[why], ta.sum[why])
		}
	}
	return got
}

type attemptKey struct{}

// playRPC plays the script and returns the waits that were counted. All must have ended
// at its end. A script is what happens to an RPC, one word a second:
//
//	q  the picker queues it
//	f  the picker fails
//	s  the picker drops it with a status
//	p  the picker picks a subchannel
//	m  the picker picks a subchannel that has just left READY
//	n  there is a new picker that gRPC does not ask for the RPC: another policy picked
//	r  gRPC begins another attempt
//	z  Prometheus scrapes
//	c  the RPC ends
//	d  its deadline passes
//	x  the policy is closed
func playRPC(t *testing.T, script string) map[waits.Reason]string {
	t.Helper()
	var list waits.List
	ta := new(tally)
	inst := list.NewInstance(ta)
	rpc, over := context.WithCancel(t.Context())
	defer over()
	words := strings.Fields(script)
	if seconds := slices.Index(words, "d"); seconds >= 0 {
		rpc, over = context.WithTimeout(rpc, time.Duration(seconds)*time.Second)
		defer over()
	}
	var attempts []context.Context
	for i := range strings.Count(script, "r") + 1 {
		// As in gRPC, an attempt's context is a child of the RPC's, which ends with the RPC.
		attempts = append(attempts, context.WithValue(rpc, attemptKey{}, i))
	}
	refused := func(why waits.Reason) {
		list.Refused(attempts[0], waits.Refusal{Instance: inst, Picker: inst.NextPicker(), Reason: why})
	}
	for _, word := range words {
		switch word {
		case "q":
			refused(waits.Connecting)
		case "f":
			refused(waits.PickerFailing)
		case "s", "p":
			inst.NextPicker()
			list.Resolved(attempts[0], inst)
		case "m":
			inst.NextPicker()
			list.Resolved(attempts[0], inst)
			list.Refused(attempts[0], waits.Refusal{Instance: inst, Picker: inst.LastPicker(), Reason: waits.StateMismatch})
		case "n":
			inst.NextPicker()
		case "r":
			attempts = attempts[1:]
			continue
		case "z":
			list.Prune()
		case "c":
			over()
		case "d":
			<-rpc.Done()
		case "x":
			list.Close(inst)
		}
		synctest.Wait()
		if word != "c" && word != "d" {
			time.Sleep(time.Second)
		}
	}
	list.Prune() // notices that the RPC has ended
	// This is before the deferred end of the context.
	if list.Any() || ta.waiting != 0 {
		t.Errorf("%s: RPCs that still wait at the end: %d, attempts: %d, want none", script, list.Len(), ta.waiting)
	}
	return ta.counted()
}
