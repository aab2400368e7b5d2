package base2

import (
	"testing"
	"unsafe"
)

// There is a child for each endpoint. Go allocates 160 bytes for it; the next size is 176.
func TestAChildTakesAtMost160Bytes(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(child[struct{}]{}); unsafe.Sizeof(uintptr(0)) == 8 && size > 160 {
		t.Errorf("a child takes %d bytes, want at most 160", size)
	}
}
