package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpc-balancer2/balancer2/metrics"
)

const (
	whyConnecting = "connecting"
	whyMismatch   = "subchannel_state_mismatch"
	whyFailing    = "picker_failing_with_wait_for_ready"
)

// pickWaits returns the waits that were counted, by reason, in the form "2 in 3s".
func pickWaits(t *testing.T, m *metrics.Metrics) map[string]string {
	t.Helper()
	got := make(map[string]string)
	for reason, h := range pickWaitHistograms(t, m) {
		if h.GetSampleCount() > 0 {
			got[reason] = fmt.Sprintf("%d in %v", h.GetSampleCount(), time.Duration(h.GetSampleSum()*float64(time.Second)))
		}
	}
	return got
}

func pickWaitHistograms(t *testing.T, m *metrics.Metrics) map[string]*dto.Histogram {
	t.Helper()
	return histograms(t, m, "pick_delay_duration_seconds")
}

// playRPC plays the script. All waits must have ended at its end. A script is what
// happens to an RPC, one word a second:
//
//	q  the picker queues it
//	f  the picker fails
//	s  the picker drops it with a status
//	p  the picker picks a subchannel
//	m  the picker picks a subchannel that has just left READY
//	Q  another instance of the policy queues it, such as that of another child
//	P  another instance of the policy picks
//	n  there is a new picker that gRPC does not ask for the RPC: another policy picked
//	r  gRPC begins another attempt
//	z  Prometheus scrapes
//	c  the RPC ends
//	d  its deadline passes
//	x  the policy is closed
func playRPC(t *testing.T, m *metrics.Metrics, script string) {
	t.Helper()
	s, cc, p := metered(t, m)
	sc := s.connect(t, "a:1")
	// As in gRPC, an attempt's context is a child of the RPC's, which ends with the RPC.
	rpc, over := context.WithCancel(t.Context())
	defer over()
	words := strings.Fields(script)
	if seconds := slices.Index(words, "d"); seconds >= 0 {
		rpc, over = context.WithTimeout(rpc, time.Duration(seconds)*time.Second)
		defer over()
	}
	var attempts []context.Context
	for i := range strings.Count(script, "r") + 1 {
		attempts = append(attempts, context.WithValue(rpc, traceKey{}, i))
	}
	sibling, siblingCC, _ := metered(t, m)
	siblingConn := sibling.connect(t, "b:1")
	answers := map[string]error{
		"q": balancer.ErrNoSubConnAvailable, "f": errors.New("all down"), "s": status.Error(codes.PermissionDenied, ""), "p": nil, "m": nil,
	}
	for _, word := range words {
		switch word {
		case "c":
			over()
		case "d":
			<-rpc.Done()
		case "x":
			p.Close()
		case "r":
			attempts = attempts[1:]
			continue
		case "n":
			s.publish(balancer.PickResult{SubConn: sc}, nil)
		case "z":
			scrape(t, m)
		case "Q", "P":
			sibling.publish(balancer.PickResult{SubConn: siblingConn}, answers[strings.ToLower(word)])
			if res, err := siblingCC.State().Picker.Pick(balancer.PickInfo{Ctx: attempts[0]}); err == nil {
				res.Done(success)
			}
		default:
			s.publish(balancer.PickResult{SubConn: sc}, answers[word])
			res, err := cc.State().Picker.Pick(balancer.PickInfo{Ctx: attempts[0]})
			if err == nil && word == "m" {
				res.Done(balancer.DoneInfo{})
			} else if err == nil {
				res.Done(success)
			}
		}
		synctest.Wait()
		if word != "c" && word != "d" {
			time.Sleep(time.Second)
		}
	}
	scrape(t, m) // notices that the RPC has ended
	// This is before the deferred end of the context.
	if n := metrics.Waiting(m); n != 0 {
		t.Errorf("%s: RPCs that still wait at the end: %d, want none", script, n)
	}
}
