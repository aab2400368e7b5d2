package livepage

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// pageView has the values of page.html. The template escapes them.
type pageView struct {
	Style  template.CSS
	Script template.JS

	Title   string
	Now     *moment
	Clock   string
	Problem string // what is wrong with the request; nothing else is shown then
	Reload  string // link to this page
	JSON    string // link to this list as JSON
	All     string // link to the page with all targets; "" if they are shown
	Reset   string // link to the page with all backends; "" if they are shown

	Retention string
	Empty     bool // there is no target
	Targets   []targetView
	Hidden    int  // targets that are not in the list
	Mixed     bool // the backends belong to more than one target or policy

	Form     formView
	Headings []heading
	Backends []backendView
	Caption  string
	Worst    string // link to the list with the worst first; "" if this is it
	Pages    pagesView
}

// maxTargets is how many targets the overview shows. Others are shown if the query
// selects them.
const maxTargets = 100

func newPageView(p page) *pageView {
	q := p.query
	v := newBareView(q)
	v.Now, v.Clock = newMoment(p.time, p.time), p.time.UTC().Format("15:04:05")
	v.Retention = wording.Elapsed(p.retention)
	v.Empty, v.Mixed = len(p.targets) == 0, len(p.targets) > 1
	v.fillLinks(p)
	v.fillTargets(p)
	v.Headings = newHeadings(q, v.Mixed)
	if q.column().name != defaultSort {
		v.Worst = q.sortedBy(columns[0], false).link()
	}
	v.Backends = make([]backendView, 0, len(p.shown))
	for _, r := range p.shown {
		v.Backends = append(v.Backends, newBackendView(r, p.time))
	}
	v.Pages = newPagesView(q, p.matched)
	v.Caption = caption(p)
	return v
}

// newProblemView returns the page that reports a mistake.
func newProblemView(q query, mistake *parameterError) *pageView {
	v := newBareView(q)
	v.Title = "Bad request · " + v.Title
	v.Problem = wording.Visible(mistake.Message)
	return v
}

func newBareView(q query) *pageView {
	return &pageView{
		Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		Title: "gRPC load balancing", Reload: q.link(), Form: newFormView(q),
	}
}

func (v *pageView) fillTargets(p page) {
	usable, present := 0, 0
	judged := make([]summarized, 0, len(p.targets))
	for _, t := range p.targets {
		usable, present = usable+t.Usable, present+t.Present()
		judged = append(judged, summarized{t, t.Sentence()})
	}
	slices.SortStableFunc(judged, func(a, b summarized) int { return cmp.Compare(a.said.Severity, b.said.Severity) })
	for _, s := range judged[:min(len(judged), maxTargets)] {
		v.Targets = append(v.Targets, newTargetView(s, p.query, v.Mixed, p.time))
	}
	v.Hidden = len(p.targets) - len(v.Targets)
	if present > 0 {
		v.Title = fmt.Sprintf("%s of %s usable · %s", wording.Grouped(usable), wording.Grouped(present), v.Title)
	}
}

func (v *pageView) fillLinks(p page) {
	q := p.query
	asJSON := q
	asJSON.format, asJSON.page, asJSON.perPage = jsonFormat, 1, defaultPerPage
	v.JSON = asJSON.link()
	if len(p.targets) < p.known {
		all := q.toPage(1)
		all.target, all.policy = "", ""
		v.All = all.link()
	}
	if q.filter != "" || q.state != "" {
		reset := q.toPage(1)
		reset.filter, reset.state = "", ""
		v.Reset = reset.link()
	}
}

// caption returns which backends are shown, and of how many.
func caption(p page) string {
	var b strings.Builder
	switch n := p.matched; {
	case len(p.shown) == 0:
		b.WriteString("Backends")
	case len(p.shown) == n:
		fmt.Fprintf(&b, "%s %s", wording.Grouped(n), wording.Plural(n, "backend"))
	default:
		first := (p.query.page-1)*p.query.perPage + 1
		fmt.Fprintf(&b, "Backends %s to %s of %s", wording.Grouped(first), wording.Grouped(first+len(p.shown)-1), wording.Grouped(n))
	}
	if p.matched < p.total {
		fmt.Fprintf(&b, ", filtered from %s", wording.Grouped(p.total))
	}
	if p.query.column().name == defaultSort && p.query.dir != descending && len(p.shown) > 1 {
		b.WriteString(", the worst first")
	}
	return b.String()
}
