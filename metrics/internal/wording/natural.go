package wording

import (
	"cmp"
	"strings"
)

// CompareNatural orders texts as people do: numbers in them by value, so that
// 10.0.0.2 comes before 10.0.0.10. It is 0 only for equal texts.
func CompareNatural(a, b string) int {
	i, n := 0, min(len(a), len(b))
	for i < n && a[i] == b[i] {
		i++
	}
	for i > 0 && isDigit(a[i-1]) { // the number that differs begins here
		i--
	}
	x, y := leadingNumber(a[i:]), leadingNumber(b[i:])
	if x == "" || y == "" {
		return cmp.Compare(a, b)
	}
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y), cmp.Compare(a, b))
}

func leadingNumber(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
