package documents_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
)

// The text of a TXT record, in a block of its own or in one of a zone file.
var txtRecord = regexp.MustCompile(`(?m)^(?:grpc_config=(.*)|\S+ TXT "grpc_config=(.*)")$`)

// choice is one of the service configs in a TXT record, with the clients that take it:
// gRFC A2. A client takes the first that is for it.
type choice struct {
	Percentage     *int            `json:"percentage"`
	ClientHostName []string        `json:"clientHostName"`
	ServiceConfig  json.RawMessage `json:"serviceConfig"`
}

// Readers copy them. gRPC's DNS resolver leaves out a record that it cannot parse, and says
// so only in the log.
func TestTXTRecordsInDocumentsAreServiceConfigs(t *testing.T) {
	t.Parallel()
	var shares []int
	records := 0
	for name, text := range filesOf(t, ".md") {
		for _, found := range txtRecord.FindAllStringSubmatch(text, -1) {
			records++
			var choices []choice
			decoder := json.NewDecoder(strings.NewReader(found[1] + strings.ReplaceAll(found[2], `\"`, `"`)))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&choices); err != nil || len(choices) == 0 {
				t.Errorf("%s has a TXT record that gRPC does not take: %v:\n%s", name, err, found[0])
				continue
			}
			for _, c := range choices {
				if c.Percentage != nil {
					shares = append(shares, *c.Percentage)
				}
				conn, err := grpc.NewClient("dns:///echo.example.com:50051", grpc.WithTransportCredentials(creds), grpc.WithDefaultServiceConfig(string(c.ServiceConfig)))
				if err != nil {
					t.Errorf("%s has a service config in a TXT record that gRPC does not accept: %v:\n%s", name, err, c.ServiceConfig)
					continue
				}
				_ = conn.Close()
			}
			if last := choices[len(choices)-1]; last.Percentage != nil || last.ClientHostName != nil {
				t.Errorf("%s has a TXT record without a service config for the other clients:\n%s", name, found[0])
			}
		}
	}
	if records < 3 || !slices.Equal(shares, []int{5}) {
		t.Errorf("%d TXT records with the percentages %v, want at least 3, one of them with 5: the test misses some", records, shares)
	}
}
