package grpcinstruments

import (
	"slices"
	"strings"
	"unicode"

	estats "google.golang.org/grpc/experimental/stats"
)

// metricName translates the name of an instrument as OpenTelemetry specifies for
// Prometheus, with suffixes for unit and type. It returns "" if nothing is left
// of the name.
func metricName(d *estats.MetricDescriptor) string {
	words := strings.FieldsFunc(d.Name, func(r rune) bool { return !legalInMetric(r) })
	words = appendUnit(words, d.Unit)
	switch d.Type {
	case estats.MetricTypeIntCount, estats.MetricTypeFloatCount:
		words = moveToEnd(words, "total")
	case estats.MetricTypeIntGauge, estats.MetricTypeIntAsyncGauge:
		if d.Unit == "1" {
			words = moveToEnd(words, "ratio")
		}
	}
	name := strings.Join(words, "_")
	if name != "" && unicode.IsDigit(rune(name[0])) {
		name = "_" + name
	}
	return name
}

func moveToEnd(words []string, word string) []string {
	return append(slices.DeleteFunc(words, func(w string) bool { return w == word }), word)
}

// appendUnit appends a unit like "s" or "By/s", unless the name has it already.
func appendUnit(words []string, unit string) []string {
	over, under, _ := strings.Cut(unit, "/")
	main := unitWord(over, units)
	per := unitWord(under, singularUnits)
	if per != "" {
		per = strings.TrimSuffix("per_"+strings.TrimPrefix(per, "_"), "_")
	}
	if per == "per" {
		per = ""
	}
	if slices.Contains(words, main) {
		main = ""
	}
	if per != "" {
		main = strings.TrimSuffix(main, "_")
	}
	return append(words, nonempty(main, per)...)
}

func nonempty(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// unitWord returns the word for one side of a unit, or "". Annotations like
// {call} are no units.
func unitWord(unit string, words map[string]string) string {
	unit = strings.TrimSpace(unit)
	if strings.ContainsAny(unit, "{}") {
		return ""
	}
	if word, ok := words[unit]; ok {
		return word
	}
	return strings.TrimPrefix(collapse(unit, legalInMetric), "_")
}

// labelName translates the name of a label. It returns "" if the result is not a
// name that Prometheus takes.
func labelName(name string) string {
	if len(name) >= 4 && strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") {
		return "" // reserved, and kept as it is by the translation
	}
	label := collapse(name, legalInLabel)
	if strings.Trim(label, "_") == "" {
		return ""
	}
	if unicode.IsDigit(rune(label[0])) {
		return "key_" + label
	}
	return label
}

// collapse replaces each run of characters that are not legal, or underscores, by
// one underscore.
func collapse(s string, legal func(rune) bool) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if legal(r) {
			b.WriteRune(r)
		} else if !gap {
			b.WriteByte('_')
		}
		gap = !legal(r)
	}
	return b.String()
}

func legalInMetric(r rune) bool { return legalInLabel(r) || r == ':' }

func legalInLabel(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// units are the words for UCUM's codes.
var units = map[string]string{
	"d": "days", "h": "hours", "min": "minutes", "s": "seconds",
	"ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
	"By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tibibytes",
	"KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
	"m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
	"Cel": "celsius", "Hz": "hertz", "%": "percent", "1": "",
}

// singularUnits are the words for what a unit is divided by.
var singularUnits = map[string]string{
	"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}
