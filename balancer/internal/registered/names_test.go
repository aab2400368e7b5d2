package registered_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsRegisteredIsMeteredAndWhatIsNotIsAnError(t *testing.T) {
	t.Parallel()
	for _, r := range []registration{first, second} {
		want := []string{
			"explicit", "grpclb", "least_request_experimental", "named", "pick_first", "random_subsetting_experimental",
			"refusing", "registered_again", "ring_hash_experimental", "round_robin", "weighted_target_experimental",
		}
		if diff := cmp.Diff(want, r.metered); diff != "" {
			t.Errorf("metered (-want +got):\n%s", diff)
		}
		if r.err == nil {
			t.Fatal("no error, want one for each policy that is missing")
		}
		wantErr := []string{
			`metrics: instrument registered policy "also_missing": it is not registered; import the package that registers it`,
			`metrics: instrument registered policy "missing": it is not registered; import the package that registers it`,
		}
		if diff := cmp.Diff(wantErr, strings.Split(r.err.Error(), "\n")); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	}
}

func TestASecondCallChangesNothing(t *testing.T) {
	t.Parallel()
	for name, b := range first.after {
		if second.after[name] != b {
			t.Errorf("%s was registered again", name)
		}
	}
}
