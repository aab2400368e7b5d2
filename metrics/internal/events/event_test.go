package events_test

import (
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/internal/events"
)

func TestTextsOfErrorsAreShortened(t *testing.T) {
	t.Parallel()
	x := strings.Repeat("x", 256)
	for text, want := range map[string]string{
		"":             "",
		x:              x,
		x + "y":        x + "…",
		x[:255] + "ä":  x[:255] + "…", // not half a character
		x[:254] + "ä":  x[:254] + "ä",
		x[:254] + "äy": x[:254] + "ä…",
	} {
		if got := events.Shortened(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
