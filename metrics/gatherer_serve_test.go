package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/grpc-balancer2/balancer2/metrics"
)

// serve returns what promhttp serves of the gatherer.
func serve(g prometheus.Gatherer, accept string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	opts := promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true}
	promhttp.HandlerFor(g, opts).ServeHTTP(w, r)
	return w
}

// withOther registers the collectors, and one with a metric that sorts between those of m.
func withOther(collectors ...prometheus.Collector) *prometheus.Registry {
	r := prometheus.NewRegistry()
	other := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "grpc_lb_z", Help: "Someone else's."}, []string{"a"})
	other.WithLabelValues("x").Set(3)
	r.MustRegister(append(collectors, other)...)
	return r
}

func TestWhatGatherReturnsIsServedAsARegistryIs(t *testing.T) {
	t.Parallel()
	m := newBusy(t, metrics.WithLatency(), metrics.WithExemplars(traced), metrics.WithBackendLabel("zone", zoneOf))
	alone := prometheus.NewRegistry()
	alone.MustRegister(m)
	for _, accept := range []string{
		string(expfmt.NewFormat(expfmt.TypeTextPlain)),
		string(expfmt.NewFormat(expfmt.TypeOpenMetrics)),
		string(expfmt.NewFormat(expfmt.TypeProtoDelim)),
	} {
		for name, pair := range map[string][2]prometheus.Gatherer{
			"alone":             {alone, m},
			"beside a registry": {prometheus.Gatherers{withOther(m)}, prometheus.Gatherers{withOther(), m}}, // Gatherers drops units
		} {
			want, got := serve(pair[0], accept), serve(pair[1], accept)
			if want.Code != http.StatusOK || got.Code != http.StatusOK {
				t.Errorf("%s, %s: status %d and %d, want 200", name, accept, want.Code, got.Code)
			}
			if want, got := want.Header().Get("Content-Type"), got.Header().Get("Content-Type"); want != got {
				t.Errorf("%s, %s: content of type %s, want %s", name, accept, got, want)
			}
			if want, got := want.Body.String(), got.Body.String(); want != got {
				t.Errorf("%s, %s: the bodies differ, of %d bytes in place of %d; lines:\n%s", name, accept, len(got), len(want), firstDifference(want, got))
			}
		}
	}
}

func firstDifference(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			return "-" + wants[i] + "\n+" + gots[i]
		}
	}
	return ""
}

// Each series would be there twice, and Gatherers would return an error for each. One
// error that says what to do is better.
func TestDefaultThatHasRegisteredItselfIsNotGatheredAgain(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m := metrics.NewDefault(r)
	both := prometheus.Gatherers{r, m}
	if w := serve(both, ""); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("before it is used: status %d, %q, want an empty 200", w.Code, w.Body)
	}
	busy(t, m)
	w := serve(both, "")
	if body := w.Body.String(); w.Code != http.StatusInternalServerError || !strings.Contains(body, "ConfigureDefault with WithoutRegistration") || len(body) > 500 {
		t.Errorf("status %d, %q, want 500 and the remedy", w.Code, body)
	}
	if got, err := m.Gather(); err == nil || len(got) != 0 {
		t.Errorf("gather: %v, %v, want only an error", got, err)
	}
}

func TestDefaultThatWasRegisteredBeforeIsNotGatheredAgain(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m := metrics.NewDefault(r)
	r.MustRegister(m)
	busy(t, m)
	if _, err := m.Gather(); err == nil {
		t.Error("gather: no error, want one")
	}
}

func TestDefaultWithoutRegistrationIsGatheredBesideTheRegistry(t *testing.T) {
	t.Parallel()
	r := withOther()
	m := metrics.NewDefault(r)
	if err := metrics.Configure(m, metrics.WithoutRegistration()); err != nil {
		t.Fatalf("configure: %v", err)
	}
	busy(t, m)
	if got := pointsOf(mustGather(t, r)).sum("picks_total"); got != 0 {
		t.Errorf("picks in the registry = %v, want 0", got)
	}
	w := serve(prometheus.Gatherers{r, m}, "")
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "grpc_lb_picks_total{") || !strings.Contains(body, "grpc_lb_z{") {
		t.Errorf("status %d, %q, want 200 with the series of both", w.Code, body)
	}
	r.MustRegister(m) // the program may still do so itself
	if got := pointsOf(mustGather(t, r)).sum("picks_total"); got != 3 {
		t.Errorf("picks in the registry = %v, want 3", got)
	}
}

// Its series are not there twice. Not parallel: it reads the log.
func TestDefaultThatCouldNotRegisterItselfIsGathered(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(metrics.New())
	m := metrics.NewDefault(r)
	logged(func() { busy(t, m) })
	if got := pointsOf(mustGather(t, prometheus.Gatherers{r, m})).sum("picks_total"); got != 3 {
		t.Errorf("picks = %v, want 3", got)
	}
}

// Gather of a Metrics that the program has registered cannot know it. Then Gatherers
// keeps the series of the registry, and returns an error for each that comes again.
func TestMetricsThatIsRegisteredAndGatheredIsAnError(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	busy(t, m)
	r := prometheus.NewRegistry()
	r.MustRegister(m)
	families, err := prometheus.Gatherers{r, m}.Gather()
	if err == nil || !strings.Contains(err.Error(), "was collected before with the same name and label values") {
		t.Errorf("gather: %v, want an error of Gatherers", err)
	}
	if d := diff(withoutUnits(gatherFamilies(t, m)), families); d != "" {
		t.Errorf("(-registry +Gatherers):\n%s", d)
	}
	if w := serve(prometheus.Gatherers{r, m}, ""); w.Code != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", w.Code)
	}
}

// withoutUnits removes the units, which Gatherers drops.
func withoutUnits(families []*dto.MetricFamily) []*dto.MetricFamily {
	for _, f := range families {
		f.Unit = nil
	}
	return families
}
