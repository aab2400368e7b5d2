package dashboard

import "cmp"

// Grafana's grid has 24 columns. One unit of height is 30 pixels.
const (
	fullWidth     = 24
	panelHeight   = 8
	headingHeight = 1
)

// placed is a panel, or the heading of a row, with its position in the grid.
type placed struct {
	panel

	Heading    bool
	ID         int
	X, Y, W, H int
}

// layOut places the panels below their headings, from left to right.
func layOut(rows []row) []placed {
	var all []placed
	var x, y, lowest int // lowest is the end of the line of panels
	add := func(p placed) {
		if x+p.W > fullWidth {
			x, y = 0, lowest
		}
		p.ID, p.X, p.Y = len(all)+1, x, y
		all = append(all, p)
		x, lowest = x+p.W, max(lowest, y+p.H)
	}
	for _, r := range rows {
		add(placed{panel: panel{Title: r.title}, Heading: true, W: fullWidth, H: headingHeight})
		for _, p := range r.panels {
			add(placed{panel: p, W: cmp.Or(p.width, fullWidth/2), H: cmp.Or(p.height, panelHeight)})
		}
		x, y = 0, lowest
	}
	return all
}
