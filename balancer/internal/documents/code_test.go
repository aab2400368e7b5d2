package documents_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// withCode are the documents whose Go blocks must be code of the module.
var withCode = []string{
	"README.md", "balancer/README.md", "examples/README.md", "examples/policies/README.md", "metrics/README.md",
}

var goBlock = regexp.MustCompile("(?ms)^ *```go\n(.*?)^ *```$")

func TestGoCodeInDocumentsIsCodeOfTheModule(t *testing.T) {
	t.Parallel()
	sources := make(map[string][]string)
	for name, text := range filesOf(t, ".go") {
		sources[name] = linesOf(text)
	}
	texts := filesOf(t, ".md")
	for _, name := range withCode {
		blocks := goBlock.FindAllStringSubmatch(texts[name], -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no Go code, or does not exist", name)
		}
		for _, block := range blocks {
			if !isFromAny(sources, chunksOf(block[1])) {
				t.Errorf("%s has code that is in no file of the module:\n%s", name, block[1])
			}
		}
	}
}

// linesOf returns the lines that count, without what does not matter in them. A blank
// line is "".
func linesOf(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		lines = append(lines, strings.TrimPrefix(line, "import "))
	}
	return lines
}

// chunksOf splits a block where it may leave lines out.
func chunksOf(block string) [][]string {
	var chunks [][]string
	var chunk []string
	for _, line := range append(linesOf(block), "") {
		switch {
		case line != "" && line != "// …":
			chunk = append(chunk, line)
		case len(chunk) > 0:
			chunks = append(chunks, chunk)
			chunk = nil
		}
	}
	return chunks
}

func isFromAny(sources map[string][]string, chunks [][]string) bool {
	for _, lines := range sources {
		if isFrom(lines, chunks) {
			return true
		}
	}
	return false
}

// isFrom reports whether the lines have all chunks, one after the other.
func isFrom(lines []string, chunks [][]string) bool {
	for _, chunk := range chunks {
		at := 0
		for at+len(chunk) <= len(lines) && !slices.Equal(lines[at:at+len(chunk)], chunk) {
			at++
		}
		if at+len(chunk) > len(lines) {
			return false
		}
		lines = lines[at+len(chunk):]
	}
	return true
}

func TestCodeThatIsNotInTheModuleIsFound(t *testing.T) {
	t.Parallel()
	source := linesOf("import (\n\t\"a\"\n)\n\nfunc f() {\n\tone()\n\ttwo()    // 2\n\n\tthree()\n}\n")
	for block, want := range map[string]bool{
		"import \"a\"\n\none()\ntwo() // 2\n": true,
		"one()\n// …\nthree()\n":              true,
		"two() // 2\n\nthree()\n":             true,
		"one()\nthree()\n":                    false, // two is between
		"three()\n\none()\n":                  false, // the other way round
		"two()\n":                             false, // another line
		"import \"b\"\n\none()\n":             false,
	} {
		if got := isFrom(source, chunksOf(block)); got != want {
			t.Errorf("%q: %v, want %v", block, got, want)
		}
	}
}
