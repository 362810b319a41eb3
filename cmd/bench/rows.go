package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// better says in which direction a value is to go.
type better string

const (
	higher better = "higher"
	lower  better = "lower"
)

// Row is one measured row, as it is printed and written to the JSON file.
type Row struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"` // median of the rounds' values
	Unit   string  `json:"unit"`
	Aim    float64 `json:"aim"`
	Better better  `json:"better"`
	Met    bool    `json:"met"`
	Limit  string  `json:"limit"` // what the value is measured against

	Low    float64   `json:"low"` // of the rounds' values
	High   float64   `json:"high"`
	Rounds []float64 `json:"rounds"` // value of each round, in order

	Measure string  `json:"measure,omitempty"` // unit of the next two
	Product float64 `json:"product,omitempty"` // median
	Control float64 `json:"control,omitempty"` // median of the control in the same rounds
}

// definition is what a row says before anything is measured. value makes a round's value of its sample.
type definition struct {
	Row
	value func(sample) float64
}

// sample is what one round found for one row: what the product and the bare client took or reached, in the row's Measure.
type sample struct{ product, control float64 }

// row sums up the rounds.
func (d definition) row(samples []sample) Row {
	r := d.Row
	var products, controls []float64
	for _, s := range samples {
		r.Rounds = append(r.Rounds, d.value(s))
		products, controls = append(products, s.product), append(controls, s.control)
	}
	r.Value, r.Low, r.High = median(r.Rounds), slices.Min(r.Rounds), slices.Max(r.Rounds)
	r.Product, r.Control = median(products), median(controls)
	r.Met = r.Value >= r.Aim
	if r.Better == lower {
		r.Met = r.Value <= r.Aim
	}
	return r
}

// median is the middle value, or the mean of the two in the middle; of nothing it is 0.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	i := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[i]
	}
	return (sorted[i-1] + sorted[i]) / 2
}

// print writes the row for people.
func (r Row) print(w io.Writer) {
	sign, verdict := "≥", "met"
	if r.Better == lower {
		sign = "≤"
	}
	if !r.Met {
		verdict = "MISSED"
	}
	fmt.Fprintf(w, "%-20s %8s %s   aim %s %s, %s is better: %s   (%d rounds, %s to %s)\n", r.Name, number(r.Value), r.Unit,
		sign, number(r.Aim), r.Better, verdict, len(r.Rounds), number(r.Low), number(r.High))
	if r.Control != 0 {
		fmt.Fprintf(w, "    product %s %s, control %s %s\n", number(r.Product), r.Measure, number(r.Control), r.Measure)
	}
	fmt.Fprintf(w, "    limit: %s\n", r.Limit)
}

// number writes a value with three digits that matter, and no fewer than its whole part.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// scenario is a job whose rounds give a sample for each of its rows.
type scenario struct {
	rows  []definition
	round func(ctx context.Context, program string) ([]sample, error)
	close func() error // after the last round; nil where rounds leave nothing behind
}

// wanted tells whether one of the rows is asked for.
func (s scenario) wanted(names *regexp.Regexp) bool {
	return slices.ContainsFunc(s.rows, func(d definition) bool { return names.MatchString(d.Name) })
}

// names are the rows' names, for messages.
func (s scenario) names() string {
	var names []string
	for _, d := range s.rows {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

// measure runs the rounds.
func (s scenario) measure(ctx context.Context, program string, rounds int, progress io.Writer) ([]Row, error) {
	if s.close != nil {
		defer s.close()
	}
	samples := make([][]sample, len(s.rows))
	for n := 1; n <= rounds; n++ {
		fmt.Fprintf(progress, "%s: round %d of %d\n", s.names(), n, rounds)
		found, err := s.round(ctx, program)
		if err != nil {
			return nil, fmt.Errorf("%s, round %d: %w", s.names(), n, err)
		}
		for i, one := range found {
			samples[i] = append(samples[i], one)
		}
	}
	rows := make([]Row, len(s.rows))
	for i, d := range s.rows {
		rows[i] = d.row(samples[i])
	}
	return rows, nil
}
