package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// details are what a list of audits says, in its order.
func details(audits []store.Audit) []string {
	var list []string
	for _, a := range audits {
		list = append(list, a.Detail)
	}
	return list
}

func TestAudits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s) // kate@example.com
		for i, a := range []store.Audit{
			{Who: "Sam@example.com", Role: "operator", Action: "search", Detail: "one, 100% of it"},
			{Who: "sam@example.com", Role: "operator", Action: "account", ConnectionID: c.ID, LaunchID: "a launch", Detail: "two"},
			{Who: "vera@example.com", Role: "viewer", Action: "account", ConnectionID: c.ID, Detail: "three"},
			{Who: "vera@example.com", Role: "viewer", Action: "search", Detail: "Four"},
		} {
			a.At = noon.Add(time.Duration(i) * time.Hour)
			check(t, s.AddAudit(t.Context(), a))
		}
		all, _, err := s.Audits(t.Context(), store.AuditFilter{Limit: 10})
		check(t, err)
		want := store.Audit{ID: all[2].ID, At: noon.Add(time.Hour), Who: "sam@example.com", Role: "operator", Action: "account",
			ConnectionID: c.ID, LaunchID: "a launch", Detail: "two"}
		same(t, "an audit", all[2], want)

		for name, look := range map[string]struct {
			filter store.AuditFilter
			want   []string
		}{
			"all":                 {store.AuditFilter{}, []string{"Four", "three", "two", "one, 100% of it"}},
			"who":                 {store.AuditFilter{Who: " SAM@example.com"}, []string{"two", "one, 100% of it"}},
			"action":              {store.AuditFilter{Action: "search"}, []string{"Four", "one, 100% of it"}},
			"who and action":      {store.AuditFilter{Who: "vera@example.com", Action: "search"}, []string{"Four"}},
			"account":             {store.AuditFilter{ConnectionID: c.ID}, []string{"three", "two"}},
			"account and who":     {store.AuditFilter{ConnectionID: c.ID, Who: "sam@example.com"}, []string{"two"}},
			"account and action":  {store.AuditFilter{ConnectionID: c.ID, Action: "search"}, nil},
			"text":                {store.AuditFilter{Text: "fOUR"}, []string{"Four"}},
			"text of the account": {store.AuditFilter{Text: "KATE@"}, []string{"three", "two"}},
			"text, who":           {store.AuditFilter{Text: "kate@example", Who: "sam@example.com"}, []string{"two"}},
			"text, action":        {store.AuditFilter{Text: "four", Action: "account"}, nil},
			"text, both":          {store.AuditFilter{Text: "three", Who: "vera@example.com", Action: "account"}, []string{"three"}},
			"text, account":       {store.AuditFilter{Text: "wo", ConnectionID: c.ID}, []string{"two"}},
			"no wildcards":        {store.AuditFilter{Text: "%"}, []string{"one, 100% of it"}},
			"no such text":        {store.AuditFilter{Text: "o_e"}, nil},
			"since":               {store.AuditFilter{Since: noon.Add(2 * time.Hour)}, []string{"Four", "three"}},
			"until":               {store.AuditFilter{Until: noon.Add(2 * time.Hour)}, []string{"two", "one, 100% of it"}},
			"between":             {store.AuditFilter{Since: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)}, []string{"two"}},
			"before":              {store.AuditFilter{Before: all[1].ID}, []string{"two", "one, 100% of it"}},
			"before and until":    {store.AuditFilter{Before: all[1].ID, Until: noon.Add(time.Hour)}, []string{"one, 100% of it"}},
			"the newest":          {store.AuditFilter{Limit: 1}, []string{"Four"}},
		} {
			if look.filter.Limit == 0 {
				look.filter.Limit = 10
			}
			got, _, err := s.Audits(t.Context(), look.filter)
			check(t, err)
			if !slices.Equal(details(got), look.want) {
				t.Errorf("%s: got %q, want %q", name, details(got), look.want)
			}
		}
	})
}

// A search for a text looks through so many lines, and says where it stopped.
func TestAuditsStopSearching(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.At(t, url)
		storetest.FillAudits(t, url, 120_000)
		search := func(f store.AuditFilter, stopped int, want ...string) string {
			t.Helper()
			f.Limit = 51
			got, last, err := s.Audits(t.Context(), f)
			check(t, err)
			if !slices.Equal(details(got), want) {
				t.Errorf("%+v: got %q, want %q", f, details(got), want)
			}
			at := time.Time{}
			if stopped > 0 {
				at = time.UnixMilli(1700000000000 + int64(stopped)*1000)
			}
			if !last.At.Equal(at) || last.At.IsZero() != (last.ID == "") {
				t.Errorf("%+v: stopped at %+v, want %s", f, last, at)
			}
			return last.ID
		}
		none := store.AuditFilter{Text: "no such text"}
		none.Before = search(none, 70_000)
		none.Before = search(none, 20_000)
		search(none, 0)
		search(store.AuditFilter{Text: "detail 69999", Before: search(store.AuditFilter{Text: "detail 69999"}, 70_000)}, 20_000, "detail 69999")
		search(store.AuditFilter{Text: "detail 99999"}, 70_000, "detail 99999")
		var page []string
		for i := range 51 {
			page = append(page, fmt.Sprint("detail ", 119_999-i))
		}
		search(store.AuditFilter{Text: "detail 119"}, 0, page...)
		for _, f := range []store.AuditFilter{
			{Who: "staff4@example.com"}, {Action: "kind4"}, {Who: "staff4@example.com", Action: "kind4"}, {ConnectionID: "account25002"},
			{Until: time.UnixMilli(1700050005000)},
		} {
			f.Text = "detail 50004"
			search(f, map[bool]int{true: 5}[!f.Until.IsZero()], "detail 50004")
		}
	})
}

// The order is that of the times, also of those that are written later.
func TestAuditsAreInTheOrderOfTheirTimes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, minutes := range []int{3, 1, 2} {
			at := noon.Add(time.Duration(minutes) * time.Minute)
			check(t, s.AddAudit(t.Context(), store.Audit{ID: store.NewID(), At: at, Detail: at.Format("15:04")}))
		}
		got, _, err := s.Audits(t.Context(), store.AuditFilter{Limit: 10})
		check(t, err)
		if want := []string{noon.Add(3 * time.Minute).Format("15:04"), noon.Add(2 * time.Minute).Format("15:04"), noon.Add(time.Minute).Format("15:04")}; !slices.Equal(details(got), want) {
			t.Errorf("got %q, want %q", details(got), want)
		}
	})
}

// Of one moment, the later ones come first.
func TestAuditsOfOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var want []string
		for i := range 200 {
			detail := fmt.Sprint(i)
			check(t, s.AddAudit(t.Context(), store.Audit{At: noon, Detail: detail}))
			want = slices.Insert(want, 0, detail)
		}
		got, _, err := s.Audits(t.Context(), store.AuditFilter{Limit: 500, Since: noon, Until: noon.Add(time.Millisecond)})
		check(t, err)
		if !slices.Equal(details(got), want) {
			t.Errorf("got %q, want %q", details(got), want)
		}
		if id, err := uuid.Parse(got[0].ID); err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Errorf("id %s: got version %d, variant %s, want a UUIDv7", got[0].ID, id.Version(), id.Variant())
		}
	})
}

// No query but the one that adds them touches audits otherwise than to read them.
func TestAuditsStay(t *testing.T) {
	files, err := filepath.Glob("queries/*.sql")
	check(t, err)
	changes := regexp.MustCompile(`(?i)(update|delete\s+from|into)\s+audits\b`)
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(t, err)
		found = append(found, changes.FindAllString(string(text), -1)...)
	}
	if !slices.Equal(found, []string{"into audits"}) {
		t.Errorf("queries that write audits: got %q, want the one that adds", found)
	}
}
