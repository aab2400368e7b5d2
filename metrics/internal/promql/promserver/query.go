package promserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Sample is one element of the answer to an instant query.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Query evaluates an expression at a time, or now if that is zero.
func (s *Server) Query(tb testing.TB, expr string, at time.Time) []Sample {
	tb.Helper()
	values := url.Values{"query": {expr}}
	if !at.IsZero() {
		values.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	}
	status, body, err := s.get("/api/v1/query?" + values.Encode())
	if err != nil || status != http.StatusOK {
		tb.Fatal(httpError("query "+expr, status, body, err))
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any // time and text
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		tb.Fatal(httpError("query "+expr, status, body, err))
	}
	var samples []Sample
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			tb.Fatalf("query %s: value %q: %v", expr, r.Value[1], err)
		}
		samples = append(samples, Sample{Labels: r.Metric, Value: value})
	}
	return samples
}

// Number evaluates an expression that has one value, now.
func (s *Server) Number(tb testing.TB, expr string) float64 {
	tb.Helper()
	found := s.Query(tb, expr, time.Time{})
	if len(found) != 1 {
		tb.Fatalf("query %s: %d values, want one", expr, len(found))
	}
	return found[0].Value
}

// CollectGarbage has the server collect its garbage.
func (s *Server) CollectGarbage(tb testing.TB) {
	tb.Helper()
	if status, body, err := s.get("/debug/pprof/heap?gc=1"); err != nil || status != http.StatusOK {
		tb.Fatal(httpError("collect garbage", status, body, err))
	}
}

// Own returns a metric without labels of the server's own.
func (s *Server) Own(tb testing.TB, name string) float64 {
	tb.Helper()
	status, body, err := s.get("/metrics")
	if err != nil || status != http.StatusOK {
		tb.Fatal(httpError("own metrics", status, body, err))
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		tb.Fatalf("own metrics: %v", err)
	}
	family := families[name]
	if len(family.GetMetric()) != 1 {
		tb.Fatalf("Prometheus has %d series %s, want one", len(family.GetMetric()), name)
	}
	m := family.Metric[0]
	return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
}

func (s *Server) get(path string) (status int, body []byte, err error) {
	return answer(s.client.Get(s.url + path))
}

func answer(resp *http.Response, err error) (int, []byte, error) {
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}
