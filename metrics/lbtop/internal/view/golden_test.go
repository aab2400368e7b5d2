package view_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/fleet"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/poll"
	"github.com/grpc-balancer2/balancer2/metrics/lbtop/internal/view"
)

var update = flag.Bool("update", false, "write what is rendered into testdata")

// golden compares the lines with a file in testdata, and writes it with -update.
func golden(t *testing.T, name string, lines []view.Line) {
	t.Helper()
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Plain() + "\n")
	}
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s is now:\n%s\nwant:\n%s\n-update writes it", file, b.String(), want)
	}
}

func TestScreens(t *testing.T) {
	t.Parallel()
	asked := []poll.Client{{Name: "a:1"}, {Name: "b:1"}}
	refused := []poll.Client{{Name: "a:1", Err: errors.New("connection refused"), Since: now}}
	many := append(incident(), refused[0], refused[0], refused[0], refused[0])
	for name, tt := range map[string]struct {
		clients []poll.Client
		state   view.State
	}{
		"incident":         {incident(), view.State{Width: 150, Height: 24}},
		"readme":           {outage(), view.State{Width: 116, Height: 15}},
		"incident-narrow":  {incident(), view.State{Width: 80, Height: 24}},
		"incident-tiny":    {incident(), view.State{Width: 40, Height: 6}},
		"incident-orders":  {incident(), view.State{Width: 150, Height: 12, Target: fleet.Key{Target: orders, Policy: robin}}},
		"incident-by-name": {incident(), view.State{Width: 150, Height: 14, Order: fleet.ByName}},
		"incident-filter":  {incident(), view.State{Width: 150, Height: 14, Filter: "REFUSED"}},
		"incident-typing":  {incident(), view.State{Width: 150, Height: 14, Filter: "10.0.0.9", Typing: true}},
		"no-match":         {incident(), view.State{Width: 150, Height: 14, Filter: "xyz"}},
		"clients":          {incident(), view.State{Width: 150, Height: 14, Mode: view.Clients}},
		"clients-filter":   {incident(), view.State{Width: 150, Height: 8, Mode: view.Clients, Filter: "web-2"}},
		"clients-no-match": {incident(), view.State{Width: 150, Height: 8, Mode: view.Clients, Filter: "xyz"}},
		"events":           {incident(), view.State{Width: 150, Height: 14, Mode: view.Events}},
		"events-filter":    {incident(), view.State{Width: 150, Height: 8, Mode: view.Events, Filter: "connect failed"}},
		"events-no-match":  {incident(), view.State{Width: 150, Height: 8, Mode: view.Events, Filter: "xyz"}},
		"events-none":      {calm(), view.State{Width: 150, Height: 8, Mode: view.Events}},
		"help":             {incident(), view.State{Width: 100, Height: 40, Mode: view.Help}},
		"help-scrolled":    {incident(), view.State{Width: 100, Height: 12, Mode: view.Help, Offset: 5}},
		"calm":             {calm(), view.State{Width: 150, Height: 10}},
		"calm-clients":     {calm(), view.State{Width: 150, Height: 6, Mode: view.Clients}},
		"crowd":            {crowd(), view.State{Width: 120, Height: 24}},
		"crowd-scrolled":   {crowd(), view.State{Width: 120, Height: 24, Offset: 1 << 20}},
		"asked":            {asked, view.State{Width: 80, Height: 6}},
		"asked-clients":    {asked, view.State{Width: 80, Height: 6, Mode: view.Clients}},
		"refused":          {refused, view.State{Width: 150, Height: 6}},
		"many-refused":     {many, view.State{Width: 150, Height: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.state.Interval = 2 * time.Second
			lines := view.Screen(merge(tt.clients), tt.state, now)
			golden(t, name, lines)
			if len(lines) != tt.state.Height {
				t.Errorf("%d lines, want %d", len(lines), tt.state.Height)
			}
			for i, l := range lines {
				if w := ansi.StringWidth(l.Plain()); w > tt.state.Width {
					t.Errorf("line %d is %d wide, want at most %d", i, w, tt.state.Width)
				}
			}
		})
	}
}

func TestReadmeShowsTheScreen(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	screen, err := os.ReadFile("testdata/readme.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```\n"+string(screen)+"```\n") {
		t.Error("README.md lacks testdata/readme.txt")
	}
}

func TestPrints(t *testing.T) {
	t.Parallel()
	selecting := fleet.Options{Target: "nothing"}
	for name, tt := range map[string]struct {
		fleet *fleet.Fleet
		rows  int
	}{
		"print-incident":    {merge(incident()), 20},
		"print-calm":        {merge(calm()), 20},
		"print-crowd":       {merge(crowd()[:1]), 3},
		"print-all":         {fleet.New(crowd(), fleet.Options{Target: "greeter"}, now), 0},
		"print-no-clients":  {merge(nil), 20},
		"print-no-targets":  {merge([]poll.Client{newPage().client("a:1")}), 20},
		"print-no-backends": {merge([]poll.Client{newPage(greeter).client("a:1")}), 20},
		"print-not-chosen":  {fleet.New(incident(), selecting, now), 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, view.Print(tt.fleet, tt.rows, now))
		})
	}
}
