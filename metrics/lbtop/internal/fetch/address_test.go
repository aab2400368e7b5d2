package fetch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

func TestAddressesAreCompleted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"localhost:8080":     "http://localhost:8080/debug/lb",
		"host":               "http://host/debug/lb",
		":8080":              "http://localhost:8080/debug/lb",
		"[::1]:8080":         "http://[::1]:8080/debug/lb",
		"host:8080/admin/lb": "http://host:8080/admin/lb",
		"host:8080/":         "http://host:8080/",
		"http://host:8080":   "http://host:8080/debug/lb",
		"https://host/lb":    "https://host/lb",
		"HTTPS://host/lb":    "https://host/lb",
		"http://user:secret@host:1/debug/lb?sort=x": "http://host:1/debug/lb",
		"user:secret@host:1":                        "http://host:1/debug/lb",
		"http://host/a%20b":                         "http://host/a%20b",
		"http://host/debug/lb#list":                 "http://host/debug/lb",
	} {
		a, err := fetch.ParseAddress(in)
		if err != nil || a.String() != want {
			t.Errorf("%s: got %v, %v, want %s", in, a, err, want)
		}
	}
}

func TestBadAddressesAreExplained(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                       `read URL "": it names no host; write it like http://host:port/debug/lb or host:port`,
		"ftp://host/":            `read URL "ftp://host/": the scheme is "ftp", and only http and https are known`,
		"http:///debug/lb":       "it names no host",
		"host:http":              `invalid port ":http" after host`,
		"host:0":                 "the port is 0, and ports are 1 to 65535",
		"host:65536":             "the port is 65536, and ports are 1 to 65535",
		"http://u:s3cret@host:x": `read URL "http://…@host:x": it is not a URL (special characters in user and password are written as %XX)`,
		"u:s3cret/2@host:1":      `read URL "…@host:1": it is not a URL`,
		"http://u:s3c%ret@host/": `read URL "http://…@host/": it is not a URL`,
		"ho st:1":                "invalid character",
	} {
		_, err := fetch.ParseAddress(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", in, err, want)
		} else if strings.Contains(err.Error(), "s3c") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
}

func addresses(t *testing.T, urls ...string) []fetch.Address {
	t.Helper()
	all := make([]fetch.Address, len(urls))
	for i, url := range urls {
		a, err := fetch.ParseAddress(url)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = a
	}
	return all
}

func TestNamesAreAsShortAsTheyCanBe(t *testing.T) {
	t.Parallel()
	got := fetch.Names(addresses(t, "a:1", "b:1", "https://b:1/lb", "u:p@c:1"))
	want := []string{"a:1", "http://b:1/debug/lb", "https://b:1/lb", "c:1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnAddressCountsOnce(t *testing.T) {
	t.Parallel()
	got := fetch.Unique(addresses(t, "a:1", "b:1", "http://a:1/debug/lb?sort=share", "a:1/lb", "u@a:1"))
	if want := []string{"http://a:1/debug/lb", "http://b:1/debug/lb", "http://a:1/lb"}; len(got) != 3 || got[0].String() != want[0] || got[1].String() != want[1] || got[2].String() != want[2] {
		t.Errorf("got %v, want %q", got, want)
	}
}
