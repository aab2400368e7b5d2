package livepage

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/grpc-balancer2/balancer2/metrics/internal/selection"
	"github.com/grpc-balancer2/balancer2/metrics/internal/wording"
)

// pageView has the values of page.html. The template escapes them.
type pageView struct {
	Style  template.CSS
	Script template.JS

	Title   string
	Now     *clock
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
	Estimated bool // the latency of a target in the list is
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

func newPageView(p *selection.Page) *pageView {
	q := p.Query
	v := newBareView(q)
	v.Now, v.Clock = newClock(p.Time), p.Time.UTC().Format("15:04:05")
	v.Retention = wording.Elapsed(p.Retention)
	v.Empty, v.Mixed = len(p.Targets) == 0, len(p.Targets) > 1
	v.fillLinks(p)
	v.fillTargets(p)
	v.Headings = newHeadings(q, v.Mixed)
	if q.Column().Name != selection.DefaultSort {
		v.Worst = q.SortedBy(selection.Columns[0], false).Link()
	}
	v.Backends = make([]backendView, 0, len(p.Shown))
	for _, r := range p.Shown {
		v.Backends = append(v.Backends, newBackendView(r, p.Time))
	}
	v.Pages = newPagesView(q, p.Matched)
	v.Caption = caption(p)
	return v
}

// newProblemView returns the page that reports a mistake.
func newProblemView(q selection.Query, mistake *selection.QueryError) *pageView {
	v := newBareView(q)
	v.Title = "Bad request · " + v.Title
	v.Problem = wording.Visible(mistake.Message)
	return v
}

func newBareView(q selection.Query) *pageView {
	return &pageView{
		Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		Title: "gRPC load balancing", Reload: q.Link(), Form: newFormView(q),
	}
}

func (v *pageView) fillTargets(p *selection.Page) {
	usable, present := 0, 0
	judged := make([]summarized, 0, len(p.Targets))
	for _, t := range p.Targets {
		usable, present = usable+t.Usable, present+t.Present()
		judged = append(judged, summarized{t, t.Sentence()})
	}
	slices.SortStableFunc(judged, func(a, b summarized) int { return cmp.Compare(a.said.Severity, b.said.Severity) })
	for _, s := range judged[:min(len(judged), maxTargets)] {
		one := newTargetView(s, p.Query, v.Mixed, p.Time)
		v.Targets, v.Estimated = append(v.Targets, one), v.Estimated || one.Tiles.Estimated
	}
	v.Hidden = len(p.Targets) - len(v.Targets)
	if present > 0 {
		v.Title = fmt.Sprintf("%s of %s usable · %s", wording.Grouped(usable), wording.Grouped(present), v.Title)
	}
}

func (v *pageView) fillLinks(p *selection.Page) {
	q := p.Query
	asJSON := q
	asJSON.Format, asJSON.Page, asJSON.PerPage = selection.JSON, 1, selection.DefaultPerPage
	v.JSON = asJSON.Link()
	if len(p.Targets) < p.Known {
		all := q.ToPage(1)
		all.Target, all.Policy = "", ""
		v.All = all.Link()
	}
	if q.Filter != "" || q.State != "" {
		reset := q.ToPage(1)
		reset.Filter, reset.State = "", ""
		v.Reset = reset.Link()
	}
}

// caption returns which backends are shown, and of how many.
func caption(p *selection.Page) string {
	var b strings.Builder
	switch n := p.Matched; {
	case len(p.Shown) == 0:
		b.WriteString("Backends")
	case len(p.Shown) == n:
		fmt.Fprintf(&b, "%s %s", wording.Grouped(n), wording.Plural(n, "backend"))
	default:
		first := (p.Query.Page-1)*p.Query.PerPage + 1
		fmt.Fprintf(&b, "Backends %s to %s of %s", wording.Grouped(first), wording.Grouped(first+len(p.Shown)-1), wording.Grouped(n))
	}
	if p.Matched < p.Total {
		fmt.Fprintf(&b, ", filtered from %s", wording.Grouped(p.Total))
	}
	if p.Query.Column().Name == selection.DefaultSort && p.Query.Dir != selection.Descending && len(p.Shown) > 1 {
		b.WriteString(", the worst first")
	}
	return b.String()
}
