package promql_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// ofProcess are labels of the scrape that tell the clients of a fleet apart. Not every
// scrape has all of them, which does not matter to a sum without them.
var ofProcess = newLabelSet("instance", "pod", "node")

// ofSomeScrapes are labels that not all scrape configs add. A query may use them if it
// finds the series that lack them, too.
var ofSomeScrapes = newLabelSet("cluster", "namespace")

// checker finds parts of an expression that no series can match. It follows the labels
// through the expression.
type checker struct {
	catalog  catalog
	problems []string
}

// check returns the labels of the expression's result, and a report of its mistakes.
func (c catalog) check(expr string) (labelSet, []string) {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil, []string{fmt.Sprintf("parse: %v", err)}
	}
	k := &checker{catalog: c}
	result := k.labels(parsed)
	return result, k.problems
}

func (k *checker) report(e parser.Expr, format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...)+": "+e.String())
}

// labels returns the labels of a vector. For other expressions it returns nil.
func (k *checker) labels(e parser.Expr) labelSet {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return k.selector(e)
	case *parser.MatrixSelector:
		return k.labels(e.VectorSelector)
	case *parser.SubqueryExpr:
		return k.labels(e.Expr)
	case *parser.ParenExpr:
		return k.labels(e.Expr)
	case *parser.UnaryExpr:
		return k.labels(e.Expr)
	case *parser.AggregateExpr:
		return k.aggregation(e)
	case *parser.BinaryExpr:
		return k.operation(e)
	case *parser.Call:
		return k.call(e)
	case *parser.NumberLiteral, *parser.StringLiteral:
		return nil
	default:
		k.report(e, "the checker does not know %T", e)
		return nil
	}
}

func (k *checker) selector(e *parser.VectorSelector) labelSet {
	name := e.Name
	for _, m := range e.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			name = m.Value
		}
	}
	own, ok := k.catalog[name]
	if !ok {
		k.report(e, "there is no metric %q", name)
		return nil
	}
	for _, m := range e.LabelMatchers {
		if m.Name != model.MetricNameLabel && (!ofSomeScrapes[m.Name] || !m.Matches("")) {
			k.want(e, m.Name, own)
		}
	}
	return own
}

// want reports a label that is in none of the sets. A nil set was already reported, and
// counts as having every label.
func (k *checker) want(e parser.Expr, label string, sets ...labelSet) {
	if !slices.ContainsFunc(sets, func(s labelSet) bool { return s == nil || s[label] }) {
		k.report(e, "there is no label %q, only %v", label, sets)
	}
}

func (k *checker) aggregation(e *parser.AggregateExpr) labelSet {
	inner := k.labels(e.Expr)
	for _, label := range e.Grouping {
		if !e.Without || !ofProcess[label] {
			k.want(e, label, inner)
		}
	}
	switch {
	case inner == nil:
		return nil
	case e.Op == parser.TOPK || e.Op == parser.BOTTOMK:
		return inner
	case e.Op == parser.COUNT_VALUES:
		k.report(e, "the checker does not know the labels of %v", e.Op)
		return nil
	case e.Without:
		return inner.without(e.Grouping...)
	default:
		return newLabelSet(e.Grouping...)
	}
}

// operation also reports vectors whose labels never match.
func (k *checker) operation(e *parser.BinaryExpr) labelSet {
	left, right := k.labels(e.LHS), k.labels(e.RHS)
	m := e.VectorMatching
	switch {
	case e.LHS.Type() != parser.ValueTypeVector:
		return right
	case e.RHS.Type() != parser.ValueTypeVector:
		return left
	case left == nil || right == nil:
		return nil // it has been reported
	}
	for _, label := range m.MatchingLabels {
		if m.On {
			k.want(e, label, left)
			k.want(e, label, right)
		} else {
			k.want(e, label, left, right)
		}
	}
	if l, r := left.without(m.MatchingLabels...), right.without(m.MatchingLabels...); !m.On && !maps.Equal(l, r) {
		k.report(e, "the sides never match: the left one has the labels %v, the right one %v", l, r)
	}
	return k.result(e, left, right)
}

func (k *checker) result(e *parser.BinaryExpr, left, right labelSet) labelSet {
	m := e.VectorMatching
	one := right
	many := left
	if m.Card == parser.CardOneToMany {
		one, many = left, right
	}
	for _, label := range m.Include {
		k.want(e, label, one)
	}
	switch {
	case e.Op == parser.LOR:
		return left.with(slices.Collect(maps.Keys(right))...)
	case e.Op.IsSetOperator():
		return left
	case m.Card != parser.CardOneToOne:
		return many.with(m.Include...)
	case m.On:
		return newLabelSet(m.MatchingLabels...)
	default:
		return left.without(m.MatchingLabels...)
	}
}

// call knows most functions: those that keep the labels of their vector, and those that
// remove "le".
func (k *checker) call(e *parser.Call) labelSet {
	switch e.Func.Name {
	case "absent", "absent_over_time", "info", "label_join", "label_replace", "vector":
		k.report(e, "the checker does not know the labels of %s", e.Func.Name)
		return nil
	}
	var vector labelSet
	for i, arg := range e.Args {
		found := k.labels(arg)
		if t := e.Func.ArgTypes[min(i, len(e.Func.ArgTypes)-1)]; t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
			vector = found
		}
	}
	if e.Func.Name == "histogram_quantile" && vector != nil {
		return vector.without("le")
	}
	return vector
}
