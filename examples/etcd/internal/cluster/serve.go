package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
)

// memberEnv is the environment variable that makes a process a member. It holds a spec as
// JSON.
const memberEnv = "EXAMPLE_ETCD_MEMBER"

// spec is everything that a member's process needs to know.
type spec struct {
	Name       string // as in its certificate
	Dir        string // its data
	CertFile   string
	KeyFile    string
	ListenURL  string // for clients, the address
	ClientURL  string // for clients, with its name
	PeerURL    string
	AllMembers string // NAME=PEER-URL,…
}

// electionMillis is above etcd's default, so that load on the machine does not
// cause elections.
const electionMillis = 2000

// args returns the arguments of the program etcd.
func (s spec) args() []string {
	return []string{
		"--name=" + s.Name,
		"--data-dir=" + s.Dir,
		"--initial-cluster=" + s.AllMembers,
		"--cert-file=" + s.CertFile,
		"--key-file=" + s.KeyFile,
		"--listen-client-urls=" + s.ListenURL,
		"--advertise-client-urls=" + s.ClientURL,
		"--listen-peer-urls=" + s.PeerURL,
		"--initial-advertise-peer-urls=" + s.PeerURL,
		"--election-timeout=" + strconv.Itoa(electionMillis),
		"--logger=zap",
		"--log-level=panic",
	}
}

// ServeIfMember runs a member if this process was started as one, and then does not
// return. Programs and tests that start a cluster must call it first.
func ServeIfMember() {
	text := os.Getenv(memberEnv)
	if text == "" {
		return
	}
	signal.Ignore(os.Interrupt) // a terminal sends it to members too, but the program ends them
	if err := serve(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve runs the member until its standard input ends, which happens at the latest when
// the process that started it ends.
func serve(text string) error {
	var s spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("read %s: %w; only this program sets it", memberEnv, err)
	}
	config, err := s.embedConfig()
	if err != nil {
		return err
	}
	member, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, os.Stdin) // how it ends does not matter
	}()
	select {
	case <-gone:
		return nil // exit without a shutdown
	case err := <-member.Err():
		return fmt.Errorf("serve %s: %w", s.Name, err)
	case <-member.Server.StopNotify():
		return fmt.Errorf("serve %s: etcd stopped", s.Name)
	}
}

// embedConfig is etcd's default config with the member's names, addresses and log
// settings.
func (s spec) embedConfig() (*embed.Config, error) {
	config := embed.NewConfig()
	config.Name = s.Name
	config.Dir = s.Dir
	config.InitialCluster = s.AllMembers
	config.ClientTLSInfo = transport.TLSInfo{CertFile: s.CertFile, KeyFile: s.KeyFile}
	config.ElectionMs = electionMillis
	config.EnableGRPCGateway = false
	config.LogLevel = "panic"
	config.LogOutputs = []string{"stderr"}
	config.WarningUnaryRequestDuration = time.Minute
	for _, set := range []struct {
		to  *[]url.URL
		url string
	}{
		{&config.ListenClientUrls, s.ListenURL},
		{&config.AdvertiseClientUrls, s.ClientURL},
		{&config.ListenPeerUrls, s.PeerURL},
		{&config.AdvertisePeerUrls, s.PeerURL},
	} {
		u, err := url.Parse(set.url)
		if err != nil {
			return nil, fmt.Errorf("configure %s: %w", s.Name, err)
		}
		*set.to = []url.URL{*u}
	}
	return config, nil
}
