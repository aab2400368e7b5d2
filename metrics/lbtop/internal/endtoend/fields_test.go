package endtoend_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fetch"
)

// Each field that lbtop reads must be one that a page has. The types hold because the
// answer can be decoded.
func TestFieldsAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "a:1", "b:1", "c:1")
		p.erring = "b:1"
		n := network{"one:1": p}
		get(t, n) // so that there are samples
		work(5*time.Second, p)
		p.lose("c:1")
		p.sicken("a:1")
		p.resolve("a:1", "b:1", "c:1", "d:1")
		p.resolve("a:1", "b:1", "c:1")
		work(time.Second, p)
		body := get(t, n)
		if err := json.Unmarshal(body, new(fetch.Page)); err != nil {
			t.Fatal(err)
		}
		var raw any
		if err := json.Unmarshal(body, &raw); err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		see(seen, "", raw)
		fields := 0
		eachField(reflect.TypeFor[fetch.Page](), "", func(path string) {
			fields++
			if !seen[path] {
				t.Errorf("the page has no field %s", path)
			}
		})
		if fields < 40 {
			t.Errorf("only %d fields were compared", fields)
		}
	})
}

func get(t *testing.T, n network) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://one:1/debug/lb?format=json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := n.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// see notes the paths of all fields of a JSON value.
func see(seen map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			seen[path+"."+name] = true
			see(seen, path+"."+name, field)
		}
	case []any:
		for _, element := range v {
			see(seen, path, element)
		}
	}
}

// eachField calls f with the path of each field of the type.
func eachField(typ reflect.Type, path string, f func(path string)) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		eachField(typ.Elem(), path, f)
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			return
		}
		for field := range typ.Fields() {
			name := path + "." + field.Tag.Get("json")
			f(name)
			eachField(field.Type, name, f)
		}
	}
}
