package bridge

import (
	"strconv"
	"testing"
)

// What was read is there for the delivery that follows, once, and doesn't pile up when none does.
func TestReadOnce(t *testing.T) {
	has := func(r *readOnce, id string) bool { _, ok := r.take(id); return ok }
	var r readOnce
	r.keep("a", &told{Revision: 7}, 900)
	if got, ok := r.take("a"); !ok || got.Revision != 7 {
		t.Errorf("got %+v, %t, want what was kept", got, ok)
	}
	if has(&r, "a") {
		t.Error("it is there a second time")
	}
	r.keep("large", &told{}, readOnceSize+1)
	r.keep("unread", nil, 900)
	if has(&r, "large") || has(&r, "unread") {
		t.Error("kept what is too large, or wasn't read")
	}
	r.keep("b", &told{}, 900)
	r.keep("c", &told{}, 900)
	r.age()
	if !has(&r, "b") {
		t.Error("forgotten at the next sweep already")
	}
	r.age()
	if has(&r, "c") {
		t.Error("still there after two sweeps")
	}
	for n := range 2 * readOnceMost {
		r.keep(strconv.Itoa(n), &told{}, 900)
	}
	if len(r.young) != readOnceMost {
		t.Errorf("keeps %d, want no more than %d", len(r.young), readOnceMost)
	}
}
