package series

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// column has the samples of one metric in one scrape, in the form that its use needs.
type column struct {
	family *family
	use    Use

	sent     []sample
	gathered list[dto.Metric]
	err      error // of the first that could not be gathered
}

// add adds a sample. If it is the first, the column makes room for as many as expected.
func (c *column) add(labels []*dto.LabelPair, v Source, expected int) {
	if c.use == ForGather {
		if err := write(c.gathered.next(expected), labels, v); err != nil && c.err == nil {
			c.err = fmt.Errorf("write %s: %w", c.family.name, err)
		}
		return
	}
	if c.sent == nil {
		c.sent = make([]sample, 0, expected)
	}
	c.sent = append(c.sent, sample{c.family, labels, v})
}

func (c *column) send(ch chan<- prometheus.Metric) {
	if c.family.extra.name != "" {
		sortByLabels(c.sent, c.family.at, func(s sample) []*dto.LabelPair { return s.labels })
	}
	for i := range c.sent {
		ch <- &c.sent[i]
	}
}

func (c *column) gather() (*dto.MetricFamily, error) {
	f := c.family.empty()
	f.Metric = c.gathered.pointers()
	if c.family.extra.name != "" {
		sortByLabels(f.Metric, c.family.at, (*dto.Metric).GetLabel)
	}
	return f, c.err
}
