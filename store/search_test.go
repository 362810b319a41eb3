package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

func TestSearchFindsConnectionsByTheBeginningsOfWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		connect := func(name, email, account, mojoName, login string) store.Connection {
			t.Helper()
			c, err := s.Connect(t.Context(), store.Connection{
				Email: email, Name: name, Scopes: "profile contacts team", MojoAccountID: account, MojoAccountName: mojoName,
				MojoLogin: login, CreatedAt: noon,
			}, token("m"+account), token("w"+account), "")
			check(t, err)
			return c
		}
		connect("José Ortiz-Lee", "jose.ortiz@example.com", "8812", "Desert Realty", "jose")
		connect("Mary O'Brien", "mary@example.org", "9900", "Obsidian Homes", "mary@obsidian.example.com")
		old := connect("Ann Lee", "ann@example.net", "7001", "Lee & Sons", "ann")
		check(t, s.Reset(t.Context(), old.ID, noon))
		connect("Ann Lee", "ann@example.net", "7002", "Lee & Daughters", "ann")

		for query, want := range map[string]string{
			"jose":                   "8812",
			"JOSÉ":                   "8812",
			"ort lee":                "8812",
			"jose.ortiz@example.com": "8812",
			"example.org":            "9900",
			"o'brien":                "9900",
			"obrien":                 "9900",
			"brien":                  "9900",
			"mary@obsidian":          "9900",
			"9900":                   "9900",
			"99":                     "9900",
			"lee":                    "7002 8812 7001",
			"ann lee":                "7002 7001",
			"lee daughters":          "7002",
			"lee jose desert 88":     "8812",
			"lee jose desert 99":     "",
			"desert":                 "8812",
			"nobody":                 "",
			"osé":                    "",
			"ann nobody":             "",
			"  ":                     "",
			"%":                      "",
			"a\x00\xffnn":            "",
		} {
			found, more, err := s.Search(t.Context(), query, 10)
			check(t, err)
			var got []string
			for _, c := range found {
				got = append(got, c.MojoAccountID)
			}
			if strings.Join(got, " ") != want || more {
				t.Errorf("search %q: got accounts %v (more: %v), want %q", query, got, more, want)
			}
		}
		found, more, err := s.Search(t.Context(), "lee", 2)
		check(t, err)
		if len(found) != 2 || !more {
			t.Errorf("two of three: got %d, more %v, want 2 and that there are more", len(found), more)
		}
	})
}

// Both words of a name may be common while few have both.
func TestSearchFindsTwoCommonWords(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite)
	for i := range 2003 {
		name := []string{"John Quist", "Vera Smith"}[i%2]
		if i == 2002 {
			name = "John Smith"
		}
		_, err := s.Connect(t.Context(), store.Connection{
			Email: fmt.Sprintf("%d@example.com", i), Name: name, Scopes: "profile contacts team", MojoAccountID: fmt.Sprint(50000 + i), CreatedAt: noon,
		}, token("m"), token("w"), "")
		check(t, err)
	}
	found, more, err := s.Search(t.Context(), "john smith", 10)
	check(t, err)
	if len(found) != 1 || found[0].Name != "John Smith" || more {
		t.Errorf("got %d, more %v, want the one John Smith", len(found), more)
	}
}

func TestSearchForgetsAnOldName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := kate()
		c.Name = "Renata Wolf"
		_, err := s.Connect(t.Context(), c, token("m"), token("w"), "")
		check(t, err)
		c.Name = "Katharina Weiss"
		_, err = s.Connect(t.Context(), c, token("m2"), token("w2"), "")
		check(t, err)
		for query, want := range map[string]int{"katharina": 1, "renata": 0} {
			found, _, err := s.Search(t.Context(), query, 10)
			check(t, err)
			if len(found) != want {
				t.Errorf("search %q after the new name: got %d, want %d", query, len(found), want)
			}
		}
	})
}

func TestLaunchByCodeTakesACodeAsItIsReadOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l, err := s.CreateLaunch(t.Context(), store.Launch{Contacts: []string{"1"}, CreatedAt: noon}, "", noon)
		check(t, err)
		for _, code := range []string{l.Code, strings.ToLower(l.Code), strings.ReplaceAll(l.Code, "-", " "), strings.ReplaceAll(strings.ReplaceAll(l.Code, "0", "o"), "1", "l")} {
			got, err := s.LaunchByCode(t.Context(), code)
			check(t, err)
			same(t, code, got.ID, l.ID)
		}
		for _, code := range []string{"", "K7M4", "hello world", l.Code + "A", "ÄÖÜ4-Q2XD"} {
			_, err := s.LaunchByCode(t.Context(), code)
			refused(t, err, store.ErrNotFound)
		}
		check(t, s.SetLaunchEmail(t.Context(), l.ID, " Kate@Example.com"))
		list, err := s.LaunchesByEmail(t.Context(), "kate@example.com", 10)
		check(t, err)
		if len(list) != 1 || list[0].ID != l.ID || list[0].Signed {
			t.Errorf("launches of the account: got %+v, want the one, still unsigned", list)
		}
	})
}

func TestTroublesAreGroupedByCause(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		list, err := s.Troubles(t.Context(), noon)
		check(t, err)
		if len(list) != 0 {
			t.Fatalf("an empty database: got %+v, want no trouble", list)
		}
		var ids []string
		for i := range 3 {
			c := kate()
			c.Email, c.MojoAccountID = fmt.Sprintf("kate%d@example.com", i), fmt.Sprint(9000+i)
			c, err := s.Connect(t.Context(), c, token("m"), token("w"), "")
			check(t, err)
			ids = append(ids, c.ID)
		}
		check(t, s.NeedSignIn(t.Context(), ids[0], store.Mojo, "Mojo ended it.", 1, noon))
		check(t, s.NeedSignIn(t.Context(), ids[1], store.Mojo, "Mojo ended it.", 1, noon.Add(time.Hour)))
		check(t, s.SaveHealth(t.Context(), []store.Health{{ConnectionID: ids[2], Way: store.WayWise, BadAt: noon, BadSince: noon, Cause: "Silent."}}))
		check(t, s.CountRefusedHooks(t.Context(), []store.RefusedHooks{{AccountID: "9002", Reason: store.HookSignature, Times: 4, LastAt: noon}}))
		got, err := s.ReceiveEvent(t.Context(), store.Event{WebhookID: "1", AccountID: "9002", Type: "call.completed", MojoContactID: 5, Body: []byte("{}"), ReceivedAt: noon}, "")
		check(t, err)
		check(t, s.FinishEvent(t.Context(), store.Outcome{EventID: got.Event.ID, At: noon, State: store.EventNeedsYou, Reason: "Gone."}))
		push, _, err := s.CreatePush(t.Context(), store.Push{ID: store.NewID(), ConnectionID: ids[2], CreatedAt: noon}, []store.PushContact{{ClientID: "1"}})
		check(t, err)
		check(t, s.SetPush(t.Context(), push.ID, store.PushStopped, "The group is gone.", 0, noon, noon))
		check(t, s.AddRevocations(t.Context(), store.Wise, "", token("r"), noon))
		claimed, err := s.ClaimRevocations(t.Context(), noon, noon.Add(time.Minute), 1)
		check(t, err)
		check(t, s.RetryRevocation(t.Context(), claimed[0].ID, noon.Add(time.Hour)))

		list, err = s.Troubles(t.Context(), noon)
		check(t, err)
		same(t, "troubles", list, []store.Trouble{
			{store.TroubleSignIn, "mojo", "Mojo ended it.", 2, 2, noon},
			{store.TroubleSilent, "wiseagent", "Silent.", 1, 1, noon},
			{store.TroubleHooks, "signature", "", 1, 4, noon},
			{store.TroubleDelivery, "", "Gone.", 1, 1, noon},
			{store.TroublePush, "", "The group is gone.", 1, 1, noon},
			{store.TroubleRevocation, "wiseagent", "", 0, 1, noon},
		})
		for i, want := range []string{"9000 9001", "9002", "9002", "9002", "9002", ""} {
			conns, err := s.Troubled(t.Context(), list[i], noon, 5)
			check(t, err)
			var got []string
			for _, c := range conns {
				got = append(got, c.MojoAccountID)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("whom %s concerns: got %v, want %s", list[i].Kind, got, want)
			}
		}
	})
}

// What a connection left behind that was reset is nothing that anybody could help with.
func TestNothingIsWrongWithWhatWasReset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		c := connected(t, s)
		got, err := s.ReceiveEvent(t.Context(), store.Event{WebhookID: "1", AccountID: c.MojoAccountID, Type: "call.completed", MojoContactID: 5, Body: []byte("{}"), ReceivedAt: noon}, "")
		check(t, err)
		check(t, s.FinishEvent(t.Context(), store.Outcome{EventID: got.Event.ID, At: noon, State: store.EventNeedsYou, Reason: "Gone."}))
		_, _, err = s.CreatePush(t.Context(), store.Push{ID: store.NewID(), ConnectionID: c.ID, CreatedAt: noon}, []store.PushContact{{ClientID: "1"}})
		check(t, err)
		check(t, s.Reset(t.Context(), c.ID, noon))
		list, err := s.Troubles(t.Context(), noon)
		check(t, err)
		same(t, "troubles", list, []store.Trouble(nil))
	})
}
