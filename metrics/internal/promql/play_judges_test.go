package promql_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/grpc-balancer2/balancer2/metrics/internal/promql/promserver"
)

// engineJudge is Prometheus's engine over the storage of this package.
type engineJudge struct {
	engine

	name string
}

func newEngineJudge(t *testing.T, kind server, created bool, p performance) *engineJudge {
	t.Helper()
	s := newScraper(kind, created)
	s.scrapeAll(p.pages)
	return &engineJudge{engine: newEngine(t, s.stored), name: fmt.Sprintf("%s server, created times: %t", kind.name, created)}
}

func (j *engineJudge) String() string { return j.name }

func (j *engineJudge) ask(t *testing.T, e expression, at time.Time) values {
	t.Helper()
	v := make(values)
	for _, s := range j.query(t, e.expr, at) {
		v[s.Metric.Get(e.label)] = s.F
	}
	return v
}

// serverJudge is a Prometheus server that was given the samples.
type serverJudge struct{ server *promserver.Server }

func newServerJudge(t *testing.T, p performance) serverJudge {
	t.Helper()
	s := newScraper(servers[0], false)
	s.scrapeAll(p.pages)
	server := promserver.Start(t, "global: {}", promserver.WithWrite)
	server.Write(t, s.stored.floats())
	return serverJudge{server}
}

// floats returns the series, without histograms. The server takes samples in the
// order of time only, of each series.
func (st *storage) floats() (all []promserver.Series) {
	for _, s := range st.series {
		var out promserver.Series
		s.labels.Range(func(l labels.Label) { out.Labels = append(out.Labels, promserver.Label{Name: l.Name, Value: l.Value}) })
		for _, v := range s.samples {
			if v.FH() == nil {
				out.Samples = append(out.Samples, promserver.Point{At: v.T(), Value: v.F()})
			}
		}
		if len(out.Samples) > 0 {
			all = append(all, out)
		}
	}
	slices.SortFunc(all, func(a, b promserver.Series) int { return cmp.Compare(a.Samples[0].At, b.Samples[0].At) })
	return all
}

func (serverJudge) String() string { return "server" }

func (j serverJudge) ask(t *testing.T, e expression, at time.Time) values {
	t.Helper()
	v := make(values)
	for _, s := range j.server.Query(t, e.expr, at) {
		v[s.Labels[e.label]] = s.Value
	}
	return v
}

// The engine and the storage of this package stand for a server. Here one that is
// installed shows the plays. How it guesses the rate of a series that has just
// begun depends on its version; what is right does not.
func TestPlaysShowWhatHappensOnAServer(t *testing.T) {
	t.Parallel()
	for _, file := range plays(t) {
		t.Run(playName(file), func(t *testing.T) {
			t.Parallel()
			p := perform(t, readScript(t, file))
			p.judge(t, newServerJudge(t, p))
		})
	}
}
