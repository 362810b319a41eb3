package bridge

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPrecedenceHoldsOthersUntilTheRequestIsAway(t *testing.T) {
	for _, test := range []struct {
		name  string
		yield time.Duration // after the claim; 0 is never
		want  time.Duration
	}{
		{"away", 3 * time.Millisecond, 3 * time.Millisecond},
		{"stuck", 0, precedenceTime},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p precedence
				p.standAside() // nobody claims it
				p.claim()
				p.claim()
				if test.yield > 0 {
					time.AfterFunc(test.yield, p.yield)
				}
				begin := time.Now()
				p.standAside()
				if got := time.Since(begin); got != test.want {
					t.Errorf("stood aside for %v, want %v", got, test.want)
				}
				p.yield()
				p.yield()
				p.standAside()
			})
		})
	}
}

func TestSelectionCovers(t *testing.T) {
	s := &selection{ids: []string{"1", "2", "V3"}}
	for _, test := range []struct {
		ids  []string
		want bool
	}{
		{[]string{"1", "2", "V3"}, true}, {[]string{"V3", "1"}, true}, {nil, true},
		{[]string{"4"}, false}, {[]string{"1", "2", "V3", "4"}, false},
	} {
		if got := s.covers(test.ids); got != test.want {
			t.Errorf("covers(%v) = %v, want %v", test.ids, got, test.want)
		}
	}
}
