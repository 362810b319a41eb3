package bridge

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// What comes for a contact while its delivery is at work must be looked for when that is over, or it would wait for the next sweep.
func TestNewsOfABusyContactIsNotForgotten(t *testing.T) {
	r := &round{busy: map[string]bool{"told": false, "more behind": true, "alone": false}, fresh: make(map[string]bool)}
	r.hear(false, map[string]bool{"told": true, "idle": true})
	same := func(what string, want ...string) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(r.fresh)); !slices.Equal(got, want) {
			t.Errorf("%s: looks at %v, want %v", what, got, want)
		}
	}
	same("all at work", "idle")
	for _, key := range []string{"told", "more behind", "alone"} {
		r.free(key)
	}
	same("all free", "idle", "more behind", "told")
	if len(r.busy) > 0 || r.all {
		t.Errorf("busy %v, everything %t, want neither", r.busy, r.all)
	}
}

// A retry, or another process, may have left something for a contact that is at work.
func TestNewsOfNobodyKnowsWhereIsForEveryContact(t *testing.T) {
	r := &round{busy: map[string]bool{"at work": false}, fresh: make(map[string]bool)}
	r.hear(true, nil)
	r.free("at work")
	if !r.all || !r.fresh["at work"] {
		t.Errorf("everything %t, looks at %v, want everything and the contact that was at work", r.all, r.fresh)
	}
}

func TestNewsAreBounded(t *testing.T) {
	var n news
	for i := range 2 * newsLimit {
		n.add(fmt.Sprint(i))
	}
	if all, contacts := n.take(); !all || len(contacts) > newsLimit {
		t.Errorf("everything %t with %d contacts, want everything", all, len(contacts))
	}
	n.add("7")
	if all, contacts := n.take(); all || !contacts["7"] || len(contacts) != 1 {
		t.Errorf("everything %t, contacts %v, want 7 alone", all, contacts)
	}
	if all, contacts := n.take(); all || len(contacts) > 0 {
		t.Errorf("everything %t, contacts %v, want nothing left", all, contacts)
	}
}
