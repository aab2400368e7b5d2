// Package pagetest reads the live page in tests.
package pagetest

import (
	"html"
	"slices"
	"strings"
	"testing"
)

// Node is a tag, or the text between two tags.
type Node struct {
	Tag   string // such as "td" or "/td"; "" for a text
	Attrs map[string]string
	Text  string // unescaped, except for style and script
}

// Scan parses a page. It knows only the HTML that the live page uses, and fails on
// everything else, which must have got in by mistake.
func Scan(tb testing.TB, page string) []Node {
	tb.Helper()
	var nodes []Node
	rest, ok := strings.CutPrefix(page, "<!doctype html>")
	if !ok {
		tb.Fatalf("the page begins with %.40q", page)
	}
	for rest != "" {
		text, after, found := strings.Cut(rest, "<")
		if strings.ContainsAny(text, `>"`) {
			tb.Fatalf("a text is not escaped: %q", text)
		}
		nodes = append(nodes, Node{Text: html.UnescapeString(text)})
		if !found {
			break
		}
		n, left := scanTag(tb, after)
		if n.Tag == "style" || n.Tag == "script" {
			n.Text, left, _ = strings.Cut(left, "</"+n.Tag+">")
		}
		nodes, rest = append(nodes, n), left
	}
	return nodes
}

const (
	allowedTags = "html head meta title link style body header h1 h2 article ol li p a button main section table caption thead tr th tbody td " +
		"code b bdi time span small form label input select option div svg rect path details summary nav footer dl dt dd script"
	allowedAttrs = "lang charset name content rel href id class datetime title type hidden role aria-label aria-labelledby aria-sort aria-hidden data-live scope " +
		"autocomplete value maxlength placeholder spellcheck selected viewBox preserveAspectRatio width height d colspan"
)

// scanTag parses a tag without its <.
func scanTag(tb testing.TB, s string) (n Node, rest string) {
	tb.Helper()
	i := strings.IndexAny(s, " >")
	if i < 0 || !slices.Contains(strings.Fields(allowedTags), strings.TrimPrefix(s[:i], "/")) {
		tb.Fatalf("a tag that the page does not have: <%.60q", s)
	}
	n = Node{Tag: s[:i], Attrs: make(map[string]string)}
	rest = s[i:]
	for rest[0] == ' ' {
		i := strings.IndexAny(rest[1:], " =/>") + 1
		name := rest[1:i]
		if rest = rest[i:]; name == "" && strings.HasPrefix(rest, "/>") {
			break
		}
		if _, twice := n.Attrs[name]; twice || !slices.Contains(strings.Fields(allowedAttrs), name) {
			tb.Fatalf("an attribute that <%s> does not have: %q, then %.60q", n.Tag, name, rest)
		}
		value, quoted := strings.CutPrefix(rest, `="`)
		if quoted {
			value, rest, _ = strings.Cut(value, `"`)
		} else {
			value = ""
		}
		if strings.ContainsAny(value, "<>") {
			tb.Fatalf("an attribute is not escaped: %s=%q", name, value)
		}
		n.Attrs[name] = html.UnescapeString(value)
	}
	rest, closed := strings.CutPrefix(strings.TrimPrefix(rest, "/"), ">")
	if !closed {
		tb.Fatalf("<%s> does not end: %.60q", n.Tag, rest)
	}
	return n, rest
}

// Skeleton returns the tags of a page and the names of their attributes, without
// any text.
func Skeleton(nodes []Node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.Tag == "" {
			continue
		}
		names := make([]string, 0, len(n.Attrs))
		for name := range n.Attrs {
			names = append(names, name)
		}
		slices.Sort(names)
		b.WriteString("<" + n.Tag + " " + strings.Join(names, " ") + ">\n")
	}
	return b.String()
}

// Find returns the first element with the attribute, and its content.
func Find(tb testing.TB, nodes []Node, attr, value string) (Node, []Node) {
	tb.Helper()
	start := slices.IndexFunc(nodes, func(n Node) bool { return n.Attrs[attr] == value })
	if start < 0 {
		tb.Fatalf("there is no element with %s=%q", attr, value)
	}
	depth := 0
	for i, n := range nodes[start:] {
		switch n.Tag {
		case nodes[start].Tag:
			depth++
		case "/" + nodes[start].Tag:
			if depth--; depth == 0 {
				return nodes[start], nodes[start+1 : start+i]
			}
		}
	}
	return nodes[start], nil
}

// TextOf returns the texts as a user sees them.
func TextOf(nodes []Node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.Tag != "style" && n.Tag != "script" {
			b.WriteString(n.Text)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Rows returns the cells of the table's body in the element with the id.
func Rows(tb testing.TB, nodes []Node, id string) [][]string {
	tb.Helper()
	_, in := Find(tb, nodes, "id", id)
	start := slices.IndexFunc(in, func(n Node) bool { return n.Tag == "tbody" })
	if start < 0 {
		tb.Fatalf("there is no table in %s", id)
	}
	var all [][]string
	cell := 0
	for i, n := range in[start:] {
		switch n.Tag {
		case "tr":
			all = append(all, nil)
		case "td", "th":
			cell = start + i
		case "/td", "/th":
			all[len(all)-1] = append(all[len(all)-1], TextOf(in[cell:start+i]))
		case "/tbody":
			return all
		}
	}
	return all
}

// Hrefs returns the targets of the page's links.
func Hrefs(nodes []Node) []string {
	var all []string
	for _, n := range nodes {
		if n.Tag == "a" {
			all = append(all, n.Attrs["href"])
		}
	}
	return all
}

// Targets returns the values of each target in the overview, by the names that the
// page gives them. The target itself, its policy, its channels, its summary and what
// just changed are there under these names.
func Targets(tb testing.TB, nodes []Node) []map[string]string {
	tb.Helper()
	var all []map[string]string
	for i, n := range nodes {
		if n.Tag == "article" {
			all = append(all, target(tb, nodes[i:]))
		}
	}
	return all
}

// target reads an article at the beginning of the nodes.
func target(tb testing.TB, nodes []Node) map[string]string {
	tb.Helper()
	end := slices.IndexFunc(nodes, func(n Node) bool { return n.Tag == "/article" })
	article := nodes[:end]
	values := map[string]string{"target": TextOf(between(article, "h2")), "severity": nodes[0].Attrs["class"]}
	for _, class := range []string{"policy", "channels", "summary", "history", "changes", "earlier"} {
		if slices.ContainsFunc(article, func(n Node) bool { return n.Attrs["class"] == class }) {
			_, in := Find(tb, article, "class", class)
			values[class] = TextOf(in)
		}
	}
	for i, n := range article {
		if n.Tag == "dt" {
			values[TextOf(between(article[i:], "dt"))] = TextOf(between(article[i:], "dd"))
		}
	}
	return values
}

// between returns what is in the first element with the tag.
func between(nodes []Node, tag string) []Node {
	start := slices.IndexFunc(nodes, func(n Node) bool { return n.Tag == tag })
	end := slices.IndexFunc(nodes, func(n Node) bool { return n.Tag == "/"+tag })
	return nodes[start+1 : end]
}
