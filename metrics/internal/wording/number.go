package wording

import (
	"fmt"
	"strings"
)

// Grouped formats a number with commas between groups of three digits.
func Grouped[N int | int64 | uint64](n N) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 && s[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Count returns a number with its noun.
func Count(n int, noun string) string { return Grouped(n) + " " + Plural(n, noun) }

// Verb returns the form of a verb for n.
func Verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Plural returns the noun for n of it.
func Plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Percent formats a share for a sentence.
func Percent(share float64) string {
	switch p := share * 100; {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "< 0.1 %"
	case p < 10 || p > 99.5 && p < 100:
		return trimZero(fmt.Sprintf("%.1f", p)) + " %"
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// FinePercent formats a share with enough digits to distinguish small ones.
func FinePercent(share float64) string {
	switch p := share * 100; {
	case p == 0:
		return "0 %"
	case p < 0.001:
		return "< 0.001 %"
	case p < 0.1:
		return fmt.Sprintf("%.3f %%", p)
	case p < 1:
		return fmt.Sprintf("%.2f %%", p)
	default:
		return fmt.Sprintf("%.1f %%", p)
	}
}

// Rate formats a number per second.
func Rate(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "0"
	case perSecond < 0.1:
		return fmt.Sprintf("%.1g", perSecond)
	case perSecond < 10:
		return trimZero(fmt.Sprintf("%.1f", perSecond))
	}
	return Grouped(int64(perSecond + 0.5))
}

// trimZero drops a decimal that says nothing: "9.0" is "9".
func trimZero(s string) string { return strings.TrimSuffix(s, ".0") }
