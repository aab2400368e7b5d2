package singleconnection_test

import (
	"log"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpc-balancer2/balancer2/balancer/lbconfig"
	"github.com/grpc-balancer2/balancer2/examples/policies/singleconnection"
)

// A client that watches for changes moves when it learns that a server has joined.
func Example() {
	client, err := grpc.NewClient("dns:///store.example.com:443",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(lbconfig.ServiceConfig(singleconnection.Name)))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	serverHasJoined := func() { singleconnection.DefaultMover.Move(time.Minute) }
	serverHasJoined()
	// Output:
}
