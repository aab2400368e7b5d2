package metrics_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/resolver"

	"github.com/grpc-balancer2/balancer2/metrics"
)

type versionKey struct{}

// labelled returns the values of the metric's series, by all of their labels but
// policy and target.
func labelled(t *testing.T, m *metrics.Metrics, name string) map[string]float64 {
	t.Helper()
	values := make(map[string]float64)
	for _, family := range gatherFamilies(t, m) {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.Metric {
			values[labelsOf(metric)] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func labelsOf(metric *dto.Metric) string {
	var labels []string
	for _, l := range metric.Label {
		if l.GetName() != "grpc_lb_policy" && l.GetName() != "grpc_target" {
			labels = append(labels, l.GetName()+"="+l.GetValue())
		}
	}
	return strings.Join(labels, " ")
}

func TestBackendsHaveLabelsOfTheirAttributes(t *testing.T) {
	t.Parallel()
	m := metrics.New(
		metrics.WithLatency(),
		metrics.WithBackendLabel("zone", metrics.ValueOfAttribute(podKey{})),
		metrics.WithBackendLabel("app", metrics.ValueOfAttribute(versionKey{})))
	s, cc, p := metered(t, m)
	err := p.Update(
		resolver.Endpoint{Addresses: []resolver.Address{{Addr: "a:1"}}, Attributes: pod("z1").WithValue(versionKey{}, 3)},
		resolver.Endpoint{Addresses: []resolver.Address{{Addr: "b:1"}}, Attributes: pod("z2")})
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	a := s.connect(t, "a:1")
	s.connect(t, "b:1")
	cc.SubConn("a:1").Ready()
	s.publish(balancer.PickResult{SubConn: a}, nil)
	if _, err := cc.RPC(nil); err != nil {
		t.Fatalf("RPC: %v", err)
	}
	const onA, onB = "app=3 grpc_lb_backend=a:1 zone=z1", "app= grpc_lb_backend=b:1 zone=z2"
	for name, want := range map[string]map[string]float64{
		"grpc_lb_picks_total":                  {onA: 1, onB: 0},
		"grpc_lb_rpc_attempts_total":           {"app=3 grpc_lb_backend=a:1 grpc_status=OK zone=z1": 1, "app= grpc_lb_backend=b:1 grpc_status=OK zone=z2": 0},
		"grpc_lb_rpc_attempt_duration_seconds": {onA: 1},
		"grpc_lb_policy_instances":             {"": 1}, // of the target: no such labels
	} {
		if diff := cmp.Diff(want, labelled(t, m, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Without names there is a series for each zone. It goes with its last backend,
// and comes back as the same.
func TestBackendsWithoutNamesShareSeriesByLabel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		zones := map[string]string{"a:1": "z1", "b:1": "z2", "c:1": "z1"}
		m := metrics.New(metrics.WithBackendName(metrics.NameNone),
			metrics.WithBackendLabel("zone", func(a resolver.Address) string { return zones[a.Addr] }))
		s, cc, _ := metered(t, m)
		conns := make(map[string]balancer.SubConn)
		for addr := range zones {
			conns[addr] = s.connect(t, addr)
			cc.SubConn(addr).Ready()
		}
		ready := func(want map[string]float64) {
			t.Helper()
			if diff := cmp.Diff(want, labelled(t, m, "grpc_lb_ready_subchannels")); diff != "" {
				t.Errorf("READY (-want +got):\n%s", diff)
			}
		}
		ready(map[string]float64{"grpc_lb_backend= zone=z1": 2, "grpc_lb_backend= zone=z2": 1})

		conns["b:1"].Shutdown()
		ready(map[string]float64{"grpc_lb_backend= zone=z1": 2, "grpc_lb_backend= zone=z2": 0})
		time.Sleep(5 * time.Minute)
		ready(map[string]float64{"grpc_lb_backend= zone=z1": 2})
	})
}

// The values run together to the same text.
func TestBackendsAreToldApartByEachLabel(t *testing.T) {
	t.Parallel()
	part := func(i int) func(resolver.Address) string {
		return func(a resolver.Address) string { return strings.Split(a.Addr, "/")[i] }
	}
	m := metrics.New(metrics.WithMaxBackends(3), metrics.WithBackendName(part(0)),
		metrics.WithBackendLabel("one", part(1)), metrics.WithBackendLabel("two", part(2)))
	s, _, _ := metered(t, m)
	for _, addr := range []string{"a/b/c", "ab//c", "a//bc", "x/y/z", "xy/z/"} {
		s.connect(t, addr)
	}
	want := map[string]float64{
		"grpc_lb_backend=a one=b two=c": 0, "grpc_lb_backend=ab one= two=c": 0, "grpc_lb_backend=a one= two=bc": 0,
		"grpc_lb_backend=other one= two=": 0,
	}
	if diff := cmp.Diff(want, labelled(t, m, "grpc_lb_picks_total")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := scrape(t, m).sum("folded_subchannels_total"); n != 2 {
		t.Errorf("folded = %v, want 2", n)
	}
}

func TestBadBackendLabelsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		labels []string
		value  func(resolver.Address) string
		want   string
	}{
		{"empty", []string{""}, zone, `backend label "": not a label name`},
		{"a dot", []string{"pod.zone"}, zone, `backend label "pod.zone": not a label name`},
		{"a digit first", []string{"1zone"}, zone, `backend label "1zone": not a label name`},
		{"reserved", []string{"__zone"}, zone, `backend label "__zone": not a label name`},
		{"the metrics'", []string{"grpc_lb_backend"}, zone, `backend label "grpc_lb_backend": the metrics have a label`},
		{"one metric's", []string{"grpc_status"}, zone, `backend label "grpc_status": the metrics have a label`},
		{"the buckets'", []string{"le"}, zone, `backend label "le": the metrics have a label`},
		{"twice", []string{"zone", "a", "zone"}, zone, `backend label "zone": given twice`},
		{"no function", []string{"zone"}, nil, `backend label "zone": no function`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var opts []metrics.Option
			for _, name := range tt.labels {
				opts = append(opts, metrics.WithBackendLabel(name, tt.value))
			}
			defer func() {
				if got, _ := recover().(string); !strings.HasPrefix(got, "metrics: new: "+tt.want) {
					t.Errorf("New panicked with %q, want %q", got, "metrics: new: "+tt.want)
				}
			}()
			metrics.New(opts...)
		})
	}
}
