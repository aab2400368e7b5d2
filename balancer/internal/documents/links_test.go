package documents_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fence      = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	// A link or an image. Its text may have code and an image in it.
	markdownLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	// A link into the repository from anywhere: alerts and doc comments have some.
	siteLink = regexp.MustCompile(`https://github\.com/grpc-balancer2/balancer2/(?:blob|tree)/(?:main|HEAD)/([\w./-]+(?:#[\w-]+)?)`)
	heading  = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	notInID  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors returns the anchors of the headings in a Markdown text, as GitHub makes them.
func anchors(text string) []string {
	var ids []string
	times := make(map[string]int)
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		title := markdownLink.ReplaceAllString(found[1], "]")
		id := strings.ReplaceAll(notInID.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-")
		if n := times[id]; n > 0 {
			ids = append(ids, id+"-"+string(rune('0'+n)))
		} else {
			ids = append(ids, id)
		}
		times[id]++
	}
	return ids
}

// allAnchors returns the anchors of each of the files.
func allAnchors(texts map[string]string) map[string][]string {
	all := make(map[string][]string)
	for name, text := range texts {
		all[name] = anchors(text)
	}
	return all
}

// broken says what is wrong with a link to a path of the repository with an anchor, where
// all are the anchors of each file. It returns "" if nothing is.
func broken(target string, all map[string][]string) string {
	file, anchor, _ := strings.Cut(target, "#")
	info, err := os.Stat(filepath.Join(root, file))
	switch {
	case err != nil:
		return "there is no such file"
	case anchor == "":
		return ""
	case info.IsDir():
		file = path.Join(file, "README.md")
	}
	if !slices.Contains(all[file], anchor) {
		return "the file has no such heading"
	}
	return ""
}

func TestEveryLinkInMarkdownLeadsSomewhere(t *testing.T) {
	t.Parallel()
	texts := filesOf(t, ".md")
	all := allAnchors(texts)
	links := 0
	for name, text := range texts {
		text = inlineCode.ReplaceAllString(fence.ReplaceAllString(text, ""), "")
		for _, found := range markdownLink.FindAllStringSubmatch(text, -1) {
			target := found[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			if strings.HasPrefix(target, "#") {
				target = name + target
			} else {
				target = path.Join(path.Dir(name), target)
			}
			if why := broken(target, all); why != "" {
				t.Errorf("%s links to %s: %s", name, found[1], why)
			}
		}
	}
	if links < 100 {
		t.Errorf("%d links in all files, want at least 100: the test misses some", links)
	}
}

func TestEveryLinkToTheRepositoryLeadsSomewhere(t *testing.T) {
	t.Parallel()
	all := allAnchors(filesOf(t, ".md"))
	links := 0
	for name, text := range filesOf(t, ".md", ".go", ".yml", ".yaml", ".json") {
		if strings.HasPrefix(name, "balancer/internal/documents/") {
			continue
		}
		for _, found := range siteLink.FindAllStringSubmatch(text, -1) {
			links++
			if why := broken(strings.TrimRight(found[1], "."), all); why != "" {
				t.Errorf("%s links to %s: %s", name, found[0], why)
			}
		}
	}
	if links < 10 {
		t.Errorf("%d links in all files, want at least 10: the test misses some", links)
	}
}

func TestAnchorsAreThoseOfGitHub(t *testing.T) {
	t.Parallel()
	text := "# The live page's JSON\n```\n# no heading\n```\n## gRPC's own: `grpc.lb.*` & more\n### Run [it](x.md)\n## Flags\n## Flags\n"
	want := []string{"the-live-pages-json", "grpcs-own-grpclb--more", "run-it", "flags", "flags-1"}
	if got := anchors(text); !slices.Equal(got, want) {
		t.Errorf("anchors %q, want %q", got, want)
	}
}

func TestBrokenLinksAreFound(t *testing.T) {
	t.Parallel()
	all := allAnchors(map[string]string{"README.md": "# Here\n", "metrics/README.md": "# The metrics\n"})
	for target, isBroken := range map[string]bool{
		"README.md": false, "README.md#here": false, "metrics": false, "metrics#the-metrics": false,
		"README.md#there": true, "NOTHING.md": true, "metrics#here": true, "metrics/doc.go#here": true,
	} {
		if why := broken(target, all); (why != "") != isBroken {
			t.Errorf("%s: %q, want it broken: %v", target, why, isBroken)
		}
	}
}
