package bridge

import (
	"testing"
	"testing/synctest"
	"time"

	"addtomojo/store"
)

func TestTokensAreNotUsedLongWithoutALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r recent
		w, other := way{"conn", store.Wise}, way{"other", store.Wise}
		keep := func(w way, version int64) {
			t.Helper()
			_, ok, drops := r.get(w)
			if ok {
				t.Fatalf("%v: tokens are there already", w)
			}
			r.put(w, store.Tokens{Version: version}, time.Now(), drops)
		}
		keep(w, 1)
		keep(other, 2)
		time.Sleep(recentLast - time.Millisecond)
		if got, ok, _ := r.get(w); !ok || got.Version != 1 {
			t.Errorf("a moment later: %v, %v", got, ok)
		}
		r.drop("conn")
		if _, ok, _ := r.get(w); ok {
			t.Error("there after they were dropped")
		}
		if _, ok, _ := r.get(other); !ok {
			t.Error("another connection's are dropped, too")
		}
		time.Sleep(time.Millisecond)
		if _, ok, _ := r.get(other); ok {
			t.Error("used for longer than they last")
		}
		r.forget()
		if len(r.read) != 0 {
			t.Errorf("%d are never forgotten", len(r.read))
		}
	})
}

// A reset may come to its end between the look at the database and the moment when what it saw is kept.
func TestTokensThatWereReadBeforeAnEndAreNotKept(t *testing.T) {
	var r recent
	w := way{"conn", store.Wise}
	_, _, drops := r.get(w)
	at := time.Now() // of the look
	r.drop("conn")
	r.put(w, store.Tokens{Version: 1}, at, drops)
	if _, ok, _ := r.get(w); ok {
		t.Error("tokens of a connection that has ended are kept")
	}
}
