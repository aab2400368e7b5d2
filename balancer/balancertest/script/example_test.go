package script_test

import (
	"fmt"

	"github.com/grpc-balancer2/balancer2/balancer/balancertest/script"
)

func ExampleParse() {
	e, err := script.Parse("a:1 TRANSIENT_FAILURE PermissionDenied")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Addr.Addr, e.State)
	fmt.Println(e.Cause())
	// Output:
	// a:1 TRANSIENT_FAILURE
	// rpc error: code = PermissionDenied desc = refused
}
