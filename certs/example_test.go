package certs_test

import (
	"crypto/tls"
	"fmt"
	"io"

	"github.com/grpc-balancer2/balancer2/certs"
)

// A server presents the certificate of one member. A client that trusts the CA connects
// to it under that member's name.
func Example() {
	set := certs.Embedded()
	server, err := set.ServerConfig("member1.etcd.local")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := set.ClientConfig()
	if err != nil {
		fmt.Println(err)
		return
	}

	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			defer conn.Close()
			fmt.Fprint(conn, "hello")
		}
	}()

	client.ServerName = "member1.etcd.local"
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	greeting, err := io.ReadAll(conn)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s from %v\n", greeting, conn.ConnectionState().PeerCertificates[0].DNSNames)
	// Output: hello from [member1.etcd.local]
}

func ExampleSet_Members() {
	for _, name := range certs.Embedded().Members() {
		fmt.Println(name)
	}
	// Output:
	// member1.etcd.local
	// member2.etcd.local
	// member3.etcd.local
}

// Dir reads your own set, made with go run ./certs/generate -out DIR. Here it reads the
// directory of the embedded set.
func ExampleDir() {
	set, err := certs.Dir(".")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := set.ServerConfig("member1.etcd.local"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(set.Members()), "members")
	// Output: 3 members
}

// A client only needs the CA's file.
func ExampleClientConfig() {
	config, err := certs.ClientConfig("ca.crt")
	if err != nil {
		fmt.Println(err)
		return
	}
	config.ServerName = "member1.etcd.local"
	fmt.Println("trusts one CA:", config.RootCAs != nil)
	// Output: trusts one CA: true
}
