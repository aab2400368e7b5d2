// Package points compares metrics in two forms: as a Prometheus registry gathers them
// and as OTLP carries them. It reads both into the same points.
package points

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// The types of OTLP.
const (
	Sum                  = "sum"
	MonotonicSum         = "monotonic sum"
	Gauge                = "gauge"
	Histogram            = "histogram"
	ExponentialHistogram = "exponential histogram"
)

// The temporalities of OTLP. Gauges have none.
const (
	Cumulative = "cumulative"
	Delta      = "delta"
)

// Series names one series.
type Series struct {
	Family string
	Labels string // such as `code="OK",target="dns:///a"`, in the order of the names
}

// Has reports whether the series has the label.
func (s Series) Has(name, value string) bool {
	return strings.Contains(","+s.Labels+",", ","+label(name, value)+",")
}

// HasLabel reports whether the series has a label of that name.
func (s Series) HasLabel(name string) bool {
	return strings.Contains(","+s.Labels, ","+name+"=")
}

// String returns the series as Prometheus writes it.
func (s Series) String() string { return s.Family + "{" + s.Labels + "}" }

// Point is the value of a series at one moment.
type Point struct {
	Type, Temporality string
	Unit              string
	Start             time.Time // since when it counts; zero if that is not known, and for gauges
	Value             float64   // of a histogram the sum of what was observed
	Distribution                // of a histogram
	Exemplars         int
	Time              time.Time // of the export; the registry has none
}

// Distribution is how the observations of a histogram are distributed.
type Distribution struct {
	Count         uint64             // observations
	Buckets       map[float64]uint64 // by upper bound, those that are not empty; not cumulative
	Scale         int32              // this and the next two, of an exponential histogram
	ZeroThreshold float64
	ZeroCount     uint64
}

// Points are those of one moment.
type Points map[Series]Point

// Where returns the points for which keep returns true.
func (p Points) Where(keep func(Series, Point) bool) Points {
	some := maps.Clone(p)
	maps.DeleteFunc(some, func(s Series, one Point) bool { return !keep(s, one) })
	return some
}

// Labelled returns the points that have the label.
func (p Points) Labelled(name, value string) Points {
	return p.Where(func(s Series, _ Point) bool { return s.Has(name, value) })
}

// Sorted returns the series, in order.
func (p Points) Sorted() []Series {
	return slices.SortedFunc(maps.Keys(p), func(a, b Series) int { return strings.Compare(a.String(), b.String()) })
}

// Families returns the names of the families, in order.
func (p Points) Families() []string {
	var names []string
	for _, s := range p.Sorted() {
		if len(names) == 0 || names[len(names)-1] != s.Family {
			names = append(names, s.Family)
		}
	}
	return names
}

// Exemplars adds up the exemplars.
func (p Points) Exemplars() int {
	n := 0
	for _, one := range p {
		n += one.Exemplars
	}
	return n
}

// Diff returns a line for each series in which the points differ. It does not compare
// units, exemplars and the time of the export.
func Diff(registry, arrived Points) []string {
	all := maps.Clone(registry)
	maps.Copy(all, arrived)
	var lines []string
	for _, s := range all.Sorted() {
		want, inRegistry := registry[s]
		got, hasArrived := arrived[s]
		switch {
		case !hasArrived:
			lines = append(lines, fmt.Sprintf("%v has not arrived", s))
		case !inRegistry:
			lines = append(lines, fmt.Sprintf("%v is not in the registry", s))
		case !reflect.DeepEqual(want.compared(), got.compared()):
			lines = append(lines, fmt.Sprintf("%v has arrived as %+v, and is %+v in the registry", s, got, want))
		}
	}
	return lines
}

// compared returns the point without what Diff does not compare.
func (p Point) compared() Point {
	p.Unit, p.Exemplars, p.Time = "", 0, time.Time{}
	return p
}

// bound is the upper bound of a bucket of an exponential histogram. Scales and
// indices are those of Prometheus.
func bound(scale, index int32) float64 {
	return math.Exp2(math.Ldexp(float64(index), -int(scale)))
}

// add adds a bucket unless it is empty.
func (d *Distribution) add(bound float64, n uint64) {
	if n == 0 {
		return
	}
	if d.Buckets == nil {
		d.Buckets = make(map[float64]uint64)
	}
	d.Buckets[bound] += n
}

func label(name, value string) string { return fmt.Sprintf("%s=%q", name, value) }

func labels(pairs []string) string {
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}
