package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// BenchmarkPickDone measures one pick and its Done, with and without the decorator.
func BenchmarkPickDone(b *testing.B) {
	noop := func(balancer.DoneInfo) {}
	for _, order := range []struct {
		name string
		size int
	}{{"3", 3}, {"10000", 10_000}, {"10000 in random order", 10_000}} {
		size := order.size
		bare, instrumented := newRotation(b, metrics.New(), size, nil)
		bareDone, instrumentedDone := newRotation(b, metrics.New(), size, noop)
		bareTimed, timed := newRotation(b, metrics.New(metrics.WithLatency()), size, nil)
		if strings.HasSuffix(order.name, "random order") {
			for _, r := range []*rotation{bare, bareDone, bareTimed} {
				rand.Shuffle(size, func(i, j int) { r.subConns[i], r.subConns[j] = r.subConns[j], r.subConns[i] })
			}
		}
		for range size { // the first RPC makes the histogram
			pickDone(timed)
		}
		for _, v := range []struct {
			name   string
			picker balancer.Picker
		}{
			{"bare", bare}, {"metered", instrumented}, {"metered with latency", timed},
			{"bare, own Done", bareDone}, {"metered, own Done", instrumentedDone},
		} {
			b.Run(fmt.Sprintf("%s/%s/serial", order.name, v.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					pickDone(v.picker)
				}
			})
			b.Run(fmt.Sprintf("%s/%s/parallel", order.name, v.name), func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						pickDone(v.picker)
					}
				})
			})
		}
	}
}

// BenchmarkTwoReadingsOfTheClock measures what latency cannot do without.
func BenchmarkTwoReadingsOfTheClock(b *testing.B) {
	start := time.Now()
	var took time.Duration
	for b.Loop() {
		begin := time.Since(start)
		took += time.Since(start) - begin
	}
	if took < 0 {
		b.Fatal("the clock ran backwards")
	}
}

func pickDone(p balancer.Picker) {
	res, _ := p.Pick(balancer.PickInfo{})
	if res.Done != nil {
		res.Done(balancer.DoneInfo{BytesSent: true, BytesReceived: true})
	}
}

// BenchmarkPickThatWaits measures picks that are refused, each with a context of its own.
// In "ends", the RPC then ends, as one does that is not wait-for-ready if the pick failed.
// In "is picked", the next picker picks.
func BenchmarkPickThatWaits(b *testing.B) {
	for _, refusal := range []struct {
		name string
		err  error
	}{{"queued", balancer.ErrNoSubConnAvailable}, {"failed", errors.New("all down")}} {
		s, cc, p := metered(b, metrics.New())
		defer p.Close()
		sc := s.connect(b, "a:1")
		s.publish(balancer.PickResult{}, refusal.err)
		refuses := cc.State().Picker
		s.publish(balancer.PickResult{SubConn: sc}, nil)
		picks := cc.State().Picker
		bare := base.NewErrPicker(refusal.err)
		for _, v := range []struct {
			name    string
			pickers []balancer.Picker
		}{
			{"the context alone", nil}, {"bare, ends", []balancer.Picker{bare}}, {"metered, ends", []balancer.Picker{refuses}},
			{"bare, is picked", []balancer.Picker{bare, bare}}, {"metered, is picked", []balancer.Picker{refuses, picks}},
		} {
			b.Run(refusal.name+"/"+v.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					ctx, cancel := context.WithCancel(b.Context())
					for _, picker := range v.pickers {
						if res, _ := picker.Pick(balancer.PickInfo{Ctx: ctx}); res.Done != nil {
							res.Done(success)
						}
					}
					cancel()
				}
			})
		}
	}
}

// BenchmarkBackendsAboveTheLimit makes subchannels to many backends, once without
// a limit and once with half of them above it. Both take about the same time. If
// each backend above the limit caused a look at all records, it would take hundreds
// of times as long.
func BenchmarkBackendsAboveTheLimit(b *testing.B) {
	const n = 40_000
	for _, retention := range []time.Duration{5 * time.Minute, 0} {
		for _, limit := range []int{0, n / 2} {
			b.Run(fmt.Sprintf("retention=%v/limit=%d", retention, limit), func(b *testing.B) {
				for b.Loop() {
					connectMany(b, n, metrics.WithMaxBackends(limit), metrics.WithRetention(retention))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/backend")
			})
		}
	}
}

func connectMany(b *testing.B, n int, opts ...metrics.Option) {
	s := &stub{}
	p := metrics.New(opts...).Instrument(s).Build(&looseConn{}, balancer.BuildOptions{})
	defer p.Close()
	for i := range n {
		addr := resolver.Address{Addr: fmt.Sprintf("10.%d.%d.1:1", i>>8, i&255)}
		if _, err := s.cc.NewSubConn([]resolver.Address{addr}, balancer.NewSubConnOptions{}); err != nil {
			b.Fatalf("NewSubConn: %v", err)
		}
	}
}
