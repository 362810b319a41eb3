package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}, {[]float64{7, 7, 1}, 7},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0.95: "0.950", 1.5: "1.500", 9.9994: "9.999", 12.34: "12.3", 120: "120", 1234.5: "1234"} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
}

// ratio is a row whose value is product by control.
func ratio(b better, aim float64) definition {
	return definition{
		Row:   Row{Name: "some_row", Unit: "times", Aim: aim, Better: b, Measure: "ms", Limit: "something bare"},
		value: func(s sample) float64 { return s.product / s.control },
	}
}

func TestRowIsTheMedianOfTheRoundsRatios(t *testing.T) {
	// The ratio of the medians would be 3/2; of the rounds' ratios 10, 1 and 3/4 the median is 1.
	got := ratio(higher, 0.95).row([]sample{{10, 1}, {2, 2}, {3, 4}})
	if got.Value != 1 || got.Low != 0.75 || got.High != 10 || len(got.Rounds) != 3 {
		t.Errorf("the row is %v from %v to %v over %v, want 1 from 0.75 to 10 over three rounds", got.Value, got.Low, got.High, got.Rounds)
	}
	if got.Product != 3 || got.Control != 2 {
		t.Errorf("medians %v and %v, want 3 and 2", got.Product, got.Control)
	}
}

func TestRowMeetsItsAim(t *testing.T) {
	for _, test := range []struct {
		better better
		aim    float64
		want   bool
	}{{higher, 0.5, true}, {higher, 0.51, false}, {lower, 0.5, true}, {lower, 0.49, false}} {
		if got := ratio(test.better, test.aim).row([]sample{{1, 2}}).Met; got != test.want {
			t.Errorf("0.5 with aim %v, %s is better: met is %v, want %v", test.aim, test.better, got, test.want)
		}
	}
}

func TestRowTellsAllThatCounts(t *testing.T) {
	var text strings.Builder
	ratio(lower, 1.5).row([]sample{{130, 100}, {180, 100}, {160, 100}}).print(&text)
	want := `some_row                1.600 times   aim ≤ 1.500, lower is better: MISSED   (3 rounds, 1.300 to 1.800)
    product 160 ms, control 100 ms
    limit: something bare
`
	if text.String() != want {
		t.Errorf("the row reads\n%swant\n%s", text.String(), want)
	}
}

func TestScenarioGivesEachRowItsSamples(t *testing.T) {
	n := 0.0
	s := scenario{rows: []definition{ratio(higher, 1), ratio(lower, 1)}, round: func(context.Context, string) ([]sample, error) {
		n++
		return []sample{{n, 1}, {10 * n, 1}}, nil
	}}
	rows, err := s.measure(t.Context(), "", 3, io.Discard)
	if err != nil || rows[0].Value != 2 || rows[1].Value != 20 {
		t.Errorf("rows %+v, %v; want medians 2 and 20", rows, err)
	}
	if s.wanted(regexp.MustCompile("other")) || !s.wanted(regexp.MustCompile("^some_")) {
		t.Error("a scenario is wanted by the name of one of its rows, and by no other")
	}
	s.round = func(context.Context, string) ([]sample, error) { return nil, errors.New("broken") }
	if _, err := s.measure(t.Context(), "", 3, io.Discard); err == nil || !strings.Contains(err.Error(), "some_row, some_row, round 1: broken") {
		t.Errorf("a broken round ends with %v, want its rows and its number", err)
	}
}
