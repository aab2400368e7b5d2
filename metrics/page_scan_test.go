package metrics_test

import (
	"html"
	"slices"
	"strings"
	"testing"
)

// node is a tag of a page or a text between two.
type node struct {
	tag   string // "td", "/td"; "" for a text
	attrs map[string]string
	text  string // unescaped; of style and script as it is
}

// scan reads a page that this package made. It knows no more of HTML than what
// is in one and fails on everything else, so that what gets in is found.
func scan(tb testing.TB, page string) []node {
	tb.Helper()
	var nodes []node
	rest, ok := strings.CutPrefix(page, "<!doctype html>")
	if !ok {
		tb.Fatalf("the page begins with %.40q", page)
	}
	for rest != "" {
		text, after, found := strings.Cut(rest, "<")
		if strings.ContainsAny(text, `>"`) {
			tb.Fatalf("a text is not escaped: %q", text)
		}
		nodes = append(nodes, node{text: html.UnescapeString(text)})
		if !found {
			break
		}
		n, left := scanTag(tb, after)
		if n.tag == "style" || n.tag == "script" {
			n.text, left, _ = strings.Cut(left, "</"+n.tag+">")
		}
		nodes, rest = append(nodes, n), left
	}
	return nodes
}

const (
	allowedTags = "html head meta title link style body header h1 p a button main section table caption thead tr th tbody td " +
		"code b bdi time span small form label input select option div svg rect path details summary nav footer dl dt dd script"
	allowedAttrs = "lang charset name content rel href id class datetime title type hidden role aria-label aria-sort aria-hidden data-live scope " +
		"autocomplete value maxlength placeholder spellcheck selected viewBox preserveAspectRatio width height d colspan"
)

// scanTag reads a tag whose < is gone.
func scanTag(tb testing.TB, s string) (n node, rest string) {
	tb.Helper()
	i := strings.IndexAny(s, " >")
	if i < 0 || !slices.Contains(strings.Fields(allowedTags), strings.TrimPrefix(s[:i], "/")) {
		tb.Fatalf("a tag that the page does not have: <%.60q", s)
	}
	n = node{tag: s[:i], attrs: make(map[string]string)}
	rest = s[i:]
	for rest[0] == ' ' {
		i := strings.IndexAny(rest[1:], " =/>") + 1
		name := rest[1:i]
		if rest = rest[i:]; name == "" && strings.HasPrefix(rest, "/>") {
			break
		}
		if _, twice := n.attrs[name]; twice || !slices.Contains(strings.Fields(allowedAttrs), name) {
			tb.Fatalf("an attribute that <%s> does not have: %q, then %.60q", n.tag, name, rest)
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
		n.attrs[name] = html.UnescapeString(value)
	}
	rest, closed := strings.CutPrefix(strings.TrimPrefix(rest, "/"), ">")
	if !closed {
		tb.Fatalf("<%s> does not end: %.60q", n.tag, rest)
	}
	return n, rest
}

// skeleton is a page without what came from elsewhere: tags and the names of
// attributes.
func skeleton(nodes []node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.tag == "" {
			continue
		}
		names := make([]string, 0, len(n.attrs))
		for name := range n.attrs {
			names = append(names, name)
		}
		slices.Sort(names)
		b.WriteString("<" + n.tag + " " + strings.Join(names, " ") + ">\n")
	}
	return b.String()
}

// find returns the first element with the attribute, and what is in it.
func find(tb testing.TB, nodes []node, attr, value string) (node, []node) {
	tb.Helper()
	start := slices.IndexFunc(nodes, func(n node) bool { return n.attrs[attr] == value })
	if start < 0 {
		tb.Fatalf("there is no element with %s=%q", attr, value)
	}
	depth := 0
	for i, n := range nodes[start:] {
		switch n.tag {
		case nodes[start].tag:
			depth++
		case "/" + nodes[start].tag:
			if depth--; depth == 0 {
				return nodes[start], nodes[start+1 : start+i]
			}
		}
	}
	return nodes[start], nil
}

// textOf returns the texts as a reader sees them.
func textOf(nodes []node) string {
	var b strings.Builder
	for _, n := range nodes {
		if n.tag != "style" && n.tag != "script" {
			b.WriteString(n.text)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// rows returns the cells of the table's body in the element with the id.
func rows(tb testing.TB, nodes []node, id string) [][]string {
	tb.Helper()
	_, in := find(tb, nodes, "id", id)
	start := slices.IndexFunc(in, func(n node) bool { return n.tag == "tbody" })
	if start < 0 {
		tb.Fatalf("there is no table in %s", id)
	}
	var all [][]string
	cell := 0
	for i, n := range in[start:] {
		switch n.tag {
		case "tr":
			all = append(all, nil)
		case "td", "th":
			cell = start + i
		case "/td", "/th":
			all[len(all)-1] = append(all[len(all)-1], textOf(in[cell:start+i]))
		case "/tbody":
			return all
		}
	}
	return all
}

// hrefs returns where the page's links lead.
func hrefs(nodes []node) []string {
	var all []string
	for _, n := range nodes {
		if n.tag == "a" {
			all = append(all, n.attrs["href"])
		}
	}
	return all
}
