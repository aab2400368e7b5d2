package grpcinstruments

// MetricName and LabelName are the names in Prometheus.
var (
	MetricName = metricName
	LabelName  = labelName
)
