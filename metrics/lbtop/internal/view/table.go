package view

import "github.com/charmbracelet/x/ansi"

// column is a column of a table.
type column struct {
	head  string
	right bool // aligned to the right
	limit int  // the greatest width; 0 for none
}

// table renders rows of cells under a heading. Columns are as wide as their widest
// cell, and stand two spaces apart. The last is not padded.
func table(columns []column, rows [][]Span) (head Line, body []Line) {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = ansi.StringWidth(c.head)
		for _, row := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(visible(row[i].Text)))
		}
		if c.limit > 0 {
			widths[i] = min(widths[i], max(c.limit, ansi.StringWidth(c.head)))
		}
	}
	line := func(cell func(i int) Span) Line {
		l := make(Line, 0, 2*len(columns))
		for i, c := range columns {
			s := cell(i)
			if i == len(columns)-1 && c.limit == 0 {
				return append(l, s)
			}
			l = append(l, Span{fit(s.Text, widths[i], c.right), s.Style}, Span{Text: "  "})
		}
		return l
	}
	head = line(func(i int) Span { return Span{columns[i].head, Strong} })
	for _, row := range rows {
		body = append(body, line(func(i int) Span { return row[i] }))
	}
	return head, body
}
