package comparison_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"
)

// tables are what the benchmarks have to say to a reader. They are printed at
// the end, because go test shows no more than ten lines of a benchmark's log.
var tables []string

func TestMain(m *testing.M) { goleak.VerifyTestMain(withTables{m}) }

type withTables struct{ tests *testing.M }

func (w withTables) Run() int {
	code := w.tests.Run()
	for _, table := range tables {
		fmt.Print("\n", table)
	}
	return code
}
