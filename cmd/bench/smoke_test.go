package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSmoke measures every row once, with jobs so small that their values say nothing.
func TestSmoke(t *testing.T) {
	tiny := size{Many: 40, Few: 5, Batch: 10, BulkTime: 5 * time.Millisecond, WiseTime: time.Millisecond}
	hooks := hookSize{
		Accounts: 2, Contacts: 20, Connections: 8, Warm: 10 * time.Millisecond, Span: 50 * time.Millisecond,
		Slices: 1, Slice: 100 * time.Millisecond, AcceptRate: 200, CallRate: 200, Burst: 100, WiseTime: time.Millisecond,
	}
	var text strings.Builder
	rows, err := measure(t.Context(), slices.Concat(scenarios(tiny), hookScenarios(hooks), supportScenarios(supportSize{Accounts: 200, Searches: 20})), regexp.MustCompile(""), 1, &text, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.Name)
		if r.Value <= 0 || r.Unit == "" || r.Aim <= 0 || r.Limit == "" || len(r.Rounds) != 1 {
			t.Errorf("row %s is %+v, want each field filled", r.Name, r)
		}
		if !strings.Contains(text.String(), r.Name) {
			t.Errorf("row %s is not printed", r.Name)
		}
	}
	want := []string{"push_batches", "push_landing", "push_whole", "push_memory",
		"hooks_accepted", "hooks_accepted_bare", "hooks_shared_commits", "hooks_accept_p99", "hooks_accept_p99_least", "hook_to_call_p50", "hook_to_call_p99", "hooks_delivered",
		"support_search_p99"}
	if !slices.Equal(names, want) {
		t.Errorf("rows %q, want %q", names, want)
	}

	path := filepath.Join(t.TempDir(), "rows.json")
	if err := save(path, rows); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var objects []map[string]any
	if err := json.Unmarshal(saved, &objects); err != nil || len(objects) != len(rows) {
		t.Fatalf("the file holds %d rows, %v; want %d", len(objects), err, len(rows))
	}
	for _, key := range []string{"name", "value", "unit", "aim", "better", "limit", "met"} {
		if _, ok := objects[0][key]; !ok {
			t.Errorf("the file's rows have no %q", key)
		}
	}
}

func TestNothingToMeasureIsSaid(t *testing.T) {
	var errs strings.Builder
	for _, args := range [][]string{{"-run", "("}, {"-run", "no_such_row"}, {"-rounds", "0"}, {"-no-such-flag"}} {
		if err := run(t.Context(), args, io.Discard, &errs); err == nil {
			t.Errorf("bench %q ends well, want an error", args)
		}
	}
}
