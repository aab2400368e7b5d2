package promql_test

import (
	"os"
	"regexp"
	"testing"
)

var nameInProse = regexp.MustCompile(`\b(?:[a-z]\w*:)?grpc_\w+(?::\w+)?`)

// Descriptions, comments and annotations refer to metrics by name.
func TestNamesInTheFilesExist(t *testing.T) {
	t.Parallel()
	c := readCatalog(t).withRecorded(t)
	known := make(labelSet)
	for name, labels := range c {
		known[name] = true
		for label := range labels {
			known[label] = true
		}
	}
	for _, file := range []string{dashboardFile, rulesFile, alertsFile, alertTestsFile, opsReadmeFile} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range nameInProse.FindAllString(string(content), -1) {
			if !known[name] {
				t.Errorf("%s names %s, which is neither a metric nor a label", file, name)
				known[name] = true // once is enough
			}
		}
	}
}
