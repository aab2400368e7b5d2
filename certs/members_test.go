package certs_test

import (
	"os"
	"testing"

	"github.com/grpc-balancer2/balancer2/certs"
)

func TestADirectoryThatCannotBeReadHasNoMembers(t *testing.T) {
	t.Parallel()
	dir := copySet(t)
	set, err := certs.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if members := set.Members(); members != nil {
		t.Errorf("members %v, want none", members)
	}
}
