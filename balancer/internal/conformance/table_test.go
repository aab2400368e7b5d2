package conformance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEachDemandOfTheSpecificationHasATest keeps README.md true: each demand in it has a
// test, or says that it has none yet, and each test that it names exists.
func TestEachDemandOfTheSpecificationHasATest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows, tests := demandsIn(string(text)), testsBelow(t, "../../..")
	for _, r := range rows {
		for _, fault := range r.faults(tests) {
			t.Errorf("%q: %s", r.says, fault)
		}
	}
	if len(rows) < 70 {
		t.Errorf("%d demands, want at least 70: the test misses some", len(rows))
	}
}

// demand is a row of a table with the columns of tableHead.
type demand struct{ says, heldBy string }

const (
	tableHead = "| demand | held by |"
	notHeld   = "Not held yet: "
)

func demandsIn(markdown string) (rows []demand) {
	inTable := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		if inTable = inTable && strings.HasPrefix(line, "|") || line == tableHead; !inTable || line == tableHead || line == "|---|---|" {
			continue
		}
		says, heldBy, _ := strings.Cut(strings.Trim(line, "| "), " | ")
		rows = append(rows, demand{says, heldBy})
	}
	return rows
}

var code = regexp.MustCompile("`([^`]*)`")

// faults returns what is wrong with the tests of a demand. In that column, code is
// nothing but tests.
func (d demand) faults(tests map[string]*ast.FuncDecl) (faults []string) {
	named := code.FindAllStringSubmatch(d.heldBy, -1)
	for _, found := range named {
		if !exists(found[1], tests) {
			faults = append(faults, "there is no "+found[1])
		}
	}
	if (len(named) == 0) != strings.HasPrefix(d.heldBy, notHeld) {
		faults = append(faults, `want either tests or "`+notHeld+`" and why`)
	}
	return faults
}

// scriptFolders are the folders of scripts by their names in the table.
var scriptFolders = map[string]string{"scripts": "testdata/scripts", "machine": "../../../pickfirst2/testdata/machine"}

// exists tells whether there is a test with the name that the table has for it.
func exists(name string, tests map[string]*ast.FuncDecl) bool {
	name, subtest, hasSubtest := strings.Cut(name, "/")
	if folder, ok := scriptFolders[name]; ok {
		info, err := os.Stat(filepath.Join(folder, subtest))
		return err == nil && info.Mode().IsRegular() && strings.HasSuffix(subtest, ".txt")
	}
	f, ok := tests[name]
	return ok && (!hasSubtest || hasString(f, subtest))
}

// hasString tells whether a function has a string constant of that value. The names of
// subtests usually are.
func hasString(f *ast.FuncDecl, value string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			found = found || err == nil && text == value
		}
		return !found
	})
	return found
}

// testsBelow returns the test functions and fuzz tests below a folder, by the last part
// of their package's path and their names.
func testsBelow(t *testing.T, root string) map[string]*ast.FuncDecl {
	t.Helper()
	tests := map[string]*ast.FuncDecl{}
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "shared": // not of this repository
			return fs.SkipDir
		case entry.IsDir(), !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				tests[filepath.Base(filepath.Dir(path))+"."+f.Name.Name] = f
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

func TestTestsThatDoNotExistAreFound(t *testing.T) {
	t.Parallel()
	tests := testsBelow(t, "../conformance")
	for heldBy, faults := range map[string]int{
		"`conformance.TestEachDemandOfTheSpecificationHasATest`":                                                   0,
		"As it says. `conformance.FuzzAgainstGRPCsPolicies`, `scripts/two-winners.txt`, `machine/chosen-lost.txt`": 0,
		"`conformance.TestOftenUpdatedGRPCStaysAtTheFirstAddress/the same list`":                                   0,
		"`conformance.TestOftenUpdatedGRPCStaysAtTheFirstAddress/another list`":                                    1,
		"`conformance.TestNothing`, `base2.FuzzAgainstGRPCsPolicies`":                                              2,
		"`scripts/no-winners.txt`, `machine`, `scripts/`":                                                          3,
		"Nobody knows.":   1,
		"Not held yet: …": 0,
		"Not held yet: `conformance.TestPoliciesOfGRPCPass`": 1,
	} {
		if got := (demand{heldBy: heldBy}).faults(tests); len(got) != faults {
			t.Errorf("%s: %q, want %d faults", heldBy, got, faults)
		}
	}
	got := demandsIn("| source |\n|---|\n| x |\n\n" + tableHead + "\n|---|---|\n| One. | `a` |\n| Two. | `b` |\n\n| Three. | `c` |\n")
	if len(got) != 2 || got[1] != (demand{"Two.", "`b`"}) {
		t.Errorf("demands %q, want One. by `a` and Two. by `b`", got)
	}
}
