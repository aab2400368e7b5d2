package comparison_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"
)

// tables are the results of the benchmarks. They are printed at the end, because go
// test shows at most ten lines of a benchmark's log.
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
