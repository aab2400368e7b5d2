package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpc-balancer2/balancer2/certs"
)

const member1 = "member1.etcd.local"

// handshake connects a client to a server. The client expects name. handshake returns
// the client's error.
func handshake(t *testing.T, server, client *tls.Config, name string) error {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return // the client did not connect; its error says why
		}
		defer conn.Close()
		_ = conn.(*tls.Conn).Handshake() // the client reports the failure under test
	}()
	defer func() {
		listener.Close()
		<-served
	}()
	client.ServerName = name
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestEveryMemberIsBelievedUnderItsOwnNameOnly(t *testing.T) {
	t.Parallel()
	set := certs.Embedded()
	for _, member := range set.Members() {
		for _, name := range append(set.Members(), "127.0.0.1", "lb.example.grpc.io", "etcd.local") {
			server, err := set.ServerConfig(member)
			if err != nil {
				t.Fatal(err)
			}
			client, err := set.ClientConfig()
			if err != nil {
				t.Fatal(err)
			}
			err = handshake(t, server, client, name)
			_, isHostname := errors.AsType[x509.HostnameError](err)
			switch {
			case name == member && err != nil:
				t.Errorf("%s as itself: %v, want success", member, err)
			case name != member && !isHostname:
				t.Errorf("%s as %s: %v, want x509.HostnameError", member, name, err)
			}
		}
	}
}

func TestClientOfAnotherCATrustsNoMember(t *testing.T) {
	t.Parallel()
	server, err := certs.Embedded().ServerConfig(member1)
	if err != nil {
		t.Fatal(err)
	}
	// A member's certificate as the CA file: it is valid, but it signed nothing.
	client, err := certs.ClientConfig("member2.etcd.local.crt")
	if err != nil {
		t.Fatal(err)
	}
	err = handshake(t, server, client, member1)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		t.Errorf("handshake: %v, want x509.UnknownAuthorityError", err)
	}
}

func TestDirAndFilesAreReadLikeTheEmbeddedSet(t *testing.T) {
	t.Parallel()
	dir := copySet(t)
	set, err := certs.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(certs.Embedded().Members(), set.Members()); diff != "" {
		t.Errorf("members (-embedded +dir):\n%s", diff)
	}
	server, err := set.ServerConfig(member1)
	if err != nil {
		t.Fatal(err)
	}
	fromSet, err := set.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	fromFile, err := certs.ClientConfig(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []*tls.Config{fromSet, fromFile} {
		if err := handshake(t, server, client, member1); err != nil {
			t.Errorf("handshake: %v, want success", err)
		}
	}
}

func TestErrorsNameTheFileAndTheFix(t *testing.T) {
	t.Parallel()
	serverOf := func(name string) func(certs.Set) error {
		return func(s certs.Set) error { _, err := s.ServerConfig(name); return err }
	}
	clientOf := func(s certs.Set) error { _, err := s.ClientConfig(); return err }
	tests := []struct {
		name   string
		spoil  func(dir string) error
		use    func(certs.Set) error
		want   []string
		wantIs error
	}{
		{
			name: "unknown member", use: serverOf("member9.etcd.local"), wantIs: fs.ErrNotExist,
			want: []string{`"member9.etcd.local"`, "DIR/member9.etcd.local.crt", "there are certificates for: member1.etcd.local, member2"},
		},
		{
			name: "name outside of the directory", use: serverOf("../" + member1), wantIs: fs.ErrInvalid,
			want: []string{"read certificate", "member1.etcd.local.crt"},
		},
		{
			name: "no key", use: serverOf(member1), wantIs: fs.ErrNotExist,
			spoil: func(dir string) error { return os.Remove(filepath.Join(dir, member1+".key")) },
			want:  []string{"DIR/member1.etcd.local.key", "go run ./certs/generate"},
		},
		{
			name: "another member's key", use: serverOf(member1),
			spoil: func(dir string) error {
				return os.Rename(filepath.Join(dir, "member2.etcd.local.key"), filepath.Join(dir, member1+".key"))
			},
			want: []string{"DIR/member1.etcd.local.crt", "DIR/member1.etcd.local.key", "does not match"},
		},
		{
			name: "no CA", use: clientOf, wantIs: fs.ErrNotExist,
			spoil: func(dir string) error { return os.Remove(filepath.Join(dir, "ca.crt")) },
			want:  []string{"read CA", "DIR/ca.crt", "go run ./certs/generate"},
		},
		{
			name: "CA without a certificate", use: clientOf,
			spoil: func(dir string) error {
				return os.Rename(filepath.Join(dir, member1+".key"), filepath.Join(dir, "ca.crt"))
			},
			want: []string{"DIR/ca.crt", "holds no certificate", "CERTIFICATE"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := copySet(t)
			if test.spoil != nil {
				if err := test.spoil(dir); err != nil {
					t.Fatal(err)
				}
			}
			set, err := certs.Dir(dir)
			if err != nil {
				t.Fatal(err)
			}
			err = test.use(set)
			checkError(t, err, test.wantIs, replaceAll(test.want, "DIR", dir))
		})
	}
}

func TestPathsThatAreNoSetAreRefused(t *testing.T) {
	t.Parallel()
	dir := copySet(t)
	missing, key := filepath.Join(dir, "missing"), filepath.Join(dir, member1+".key")

	_, err := certs.Dir(missing)
	checkError(t, err, fs.ErrNotExist, []string{missing, "go run ./certs/generate"})
	_, err = certs.Dir("")
	checkError(t, err, fs.ErrNotExist, []string{`""`})
	_, err = certs.Dir(key)
	checkError(t, err, nil, []string{key, "it is a file"})
	_, err = certs.ClientConfig(missing)
	checkError(t, err, fs.ErrNotExist, []string{missing, "PEM file of the CA"})
	_, err = certs.ClientConfig(key)
	checkError(t, err, nil, []string{key, "holds no certificate"})
}

func checkError(t *testing.T, err, wantIs error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if wantIs != nil && !errors.Is(err, wantIs) {
		t.Errorf("error %v is not %v", err, wantIs)
	}
	for _, part := range append(want, "certs: ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// copySet returns a new directory with the files of the embedded set.
func copySet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob("*.[ck][re][ty]")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func replaceAll(texts []string, from, to string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, filepath.FromSlash(strings.ReplaceAll(text, from, to)))
	}
	return out
}
