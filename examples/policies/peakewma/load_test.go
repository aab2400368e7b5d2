package peakewma

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var sent = balancer.DoneInfo{BytesSent: true, BytesReceived: true}

// rpc runs an RPC with this latency on the endpoint. Call it in a synctest bubble.
func (e *load) rpc(took time.Duration, info balancer.DoneInfo) {
	done := e.start(10)
	time.Sleep(took)
	done(info)
}

// measured returns an endpoint whose RPCs had this latency.
func measured(took time.Duration) *load {
	e := new(load)
	for range 100 {
		e.rpc(took, sent)
	}
	return e
}

func wantCost(t *testing.T, e *load, want float64) {
	t.Helper()
	if got := e.cost(); math.Abs(got-want) > 1e-6 {
		t.Errorf("cost %v s, want %v s", got, want)
	}
}

func TestAPeakCountsAtOnceAndDecays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := measured(10 * time.Millisecond)
		wantCost(t, e, .01)
		e.rpc(time.Second, sent)
		wantCost(t, e, 1)
		time.Sleep(10*time.Second - 10*time.Millisecond)
		e.rpc(10*time.Millisecond, sent) // after the decay, a third is left
		wantCost(t, e, 1/math.E+.01*(1-1/math.E))
	})
}

func TestANewEndpointGetsOneRPCUntilItHasAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := new(load)
		wantCost(t, e, 0)
		done := e.start(10)
		wantCost(t, e, math.MaxFloat64)
		time.Sleep(time.Second)
		done(sent)
		wantCost(t, e, 1)
	})
}

func TestRPCsInFlightAddToTheCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := measured(time.Second)
		e.start(10)
		e.start(10)
		wantCost(t, e, 3)
	})
}

func TestTheDefaultDecayIsTenSeconds(t *testing.T) {
	t.Parallel()
	for want, c := range map[float64]config{10: {}, 2.5: {DecaySeconds: 2.5}} {
		p := new(policy)
		p.Configure(c)
		if p.decay != want {
			t.Errorf("%+v: decay of %v s, want %v s", c, p.decay, want)
		}
	}
}

func TestAPickThatWasGivenUpDoesNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := measured(time.Second)
		time.Sleep(time.Hour)
		e.rpc(0, balancer.DoneInfo{})
		wantCost(t, e, 1)
	})
}

func TestOnlyErrorsOfTheEndpointCostAPenalty(t *testing.T) {
	t.Parallel()
	tests := map[error]float64{
		status.Error(codes.Unavailable, ""):       1.01,
		status.Error(codes.ResourceExhausted, ""): 1.01,
		status.Error(codes.NotFound, ""):          .01,
		status.Error(codes.Canceled, ""):          .01,
		context.Canceled:                          .01,
		errors.New("plain"):                       .01,
	}
	synctest.Test(t, func(t *testing.T) {
		for err, want := range tests {
			e := measured(10 * time.Millisecond)
			e.rpc(10*time.Millisecond, balancer.DoneInfo{Err: err, BytesSent: true})
			if got := e.cost(); math.Abs(got-want) > 1e-6 {
				t.Errorf("%v: cost %v s, want %v s", err, got, want)
			}
		}
	})
}
