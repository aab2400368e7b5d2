package balancer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a reader can take in. The limits of packages are without their tests.
const (
	maxFileLines    = 250
	maxPackageFiles = 25   // twenty or so
	maxPackageCode  = 2000 // lines that are neither blank nor a comment
)

func TestFilesAndPackagesOfTheLibraryAreSmallEnoughToBeRead(t *testing.T) {
	t.Parallel()
	for pkg := range mayImport {
		names, err := filepath.Glob("../" + pkg + "/*.go")
		if err != nil || len(names) == 0 {
			t.Errorf("%s has the files %v, %v, want some", pkg, names, err)
		}
		files, code := 0, 0
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(content, []byte("\n")); n > maxFileLines {
				t.Errorf("%s has %d lines, want at most %d: split it by ideas", name, n, maxFileLines)
			}
			if !strings.HasSuffix(name, "_test.go") {
				files++
				code += codeLines(content)
			}
		}
		if files > maxPackageFiles || code > maxPackageCode {
			t.Errorf("%s has %d files with %d lines of code, want at most %d with %d: move a part into a package of its own",
				pkg, files, code, maxPackageFiles, maxPackageCode)
		}
	}
}

// codeLines counts the lines that are neither blank nor a comment.
func codeLines(content []byte) (n int) {
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("//")) {
			n++
		}
	}
	return n
}
