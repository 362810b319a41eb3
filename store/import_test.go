package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// furnished stores something in every table.
func furnished(t *testing.T, s *store.Store) store.Connection {
	t.Helper()
	ctx := t.Context()
	c := lost(t, s)
	told(t, s, store.ChannelEmail, noon, noon, 1)
	linked(t, s, c.ID, "reconnect")
	secrets := launched(t, s)
	check(t, s.SaveMojoSide(ctx, secrets.ID, mojoSide("mojo"), noon.Add(time.Hour), noon))
	check(t, s.SaveWiseSide(ctx, secrets.ID, wiseSide("wise"), noon.Add(time.Hour), noon))
	check(t, s.StartConsent(ctx, store.Consent{StateHash: "5ee", LaunchID: secrets.ID, Verifier: "v", ExpiresAt: noon.Add(time.Hour)}))
	check(t, s.UseNonce(ctx, "nonce", noon.Add(time.Hour)))
	check(t, s.CreateSession(ctx, store.Session{ID: "c0ffee", Email: c.Email, Data: []byte{0, 1, 255}, ExpiresAt: noon.Add(time.Hour)}))
	check(t, s.AddStaffLink(ctx, store.StaffLink{TokenHash: "1", Email: "sam@example.com", Role: "viewer", ExpiresAt: noon.Add(time.Hour)}))
	check(t, s.AddAudit(ctx, store.Audit{At: noon, Detail: "It's „quoted“\\\n\t"}))
	check(t, s.AddRevocations(ctx, store.Wise, c.ID, token("old"), noon))
	check(t, s.SaveGroups(ctx, c.ID, []store.Group{{ID: 5, Name: "Sellers 🏡", IsLead: true}}, noon))
	check(t, s.SaveHealth(ctx, []store.Health{{ConnectionID: c.ID, Way: store.WayHooks, GoodAt: noon}}))
	check(t, s.CountRefusedHooks(ctx, []store.RefusedHooks{{AccountID: c.MojoAccountID, Reason: store.HookClock, Times: 3, LastAt: noon}}))
	_, err := s.Try(ctx, noon, store.Limit{Key: "account 4711", Window: time.Hour, Wait: func(int) time.Duration { return time.Minute }})
	check(t, err)
	pushed(t, s, c, "push", 3)
	finish(t, s, "push", store.ContactAdded)
	written, _, newest := received(t, s, call("written", 1)), received(t, s, call("waiting", 2)), received(t, s, call("next", 2))
	finishEvent(t, s, written, store.Outcome{
		State:    store.EventWritten,
		ResultID: "771",
		Links:    []store.Link{{ClientID: "26855", MojoContactID: 1, APIContactID: "wa-26855", CustomWritten: true, CreatedAt: noon}},
		Snapshot: &store.Snapshot{ClientID: "26855", Fields: map[string]store.Field{"phone": {Value: "(520) 555-0143", Known: true}}},
		Activity: &store.Activity{MojoEventID: "9", ClientID: "26855", CallID: "3", Revision: 2, State: store.ActivityOpen},
		Note:     &store.MojoNote{MojoNoteID: "4", ClientID: "26855", NoteID: 771, ToldAt: noon},
	})
	same(t, "number of the newest", newest.Seq, int64(3))
	return c
}

func TestImport(t *testing.T) {
	from, to := storetest.URL(t, storetest.SQLite), storetest.URL(t, storetest.Postgres)
	s := storetest.At(t, from)
	c := furnished(t, s)
	got, err := store.Import(t.Context(), from, to, storetest.Vault(t)) // beside whoever still uses the file
	check(t, err)

	copied := filepath.Join(t.TempDir(), "copy.db")
	check(t, store.Backup(t.Context(), from, copied))
	want, have := contents(t, storetest.SQLite, copied), contents(t, storetest.Postgres, to)
	all := 0
	for table, rows := range want {
		if all += len(rows); len(rows) == 0 {
			t.Errorf("table %s is empty: nothing shows that it is imported", table)
		}
		if table == "turns" { // PostgreSQL counts there
			rows = []string{"deliver 0", "receive 3"}
		}
		same(t, "table "+table, have[table], rows)
	}
	same(t, "tables", len(have), len(want))
	same(t, "imported", got, store.Imported{Rows: all, Connections: 1, Waiting: 2})

	there := storetest.At(t, to)
	tokens, err := there.Tokens(t.Context(), c.ID, store.Mojo)
	check(t, err)
	sameToken(t, "Mojo's token", tokens.Token, token("mojo"))
	if e := received(t, there, call("after", 2)); e.Seq != 4 || e.State != store.EventWaiting {
		t.Errorf("the next event is %d and %s, want 4 and waiting", e.Seq, e.State)
	}
	for _, e := range dueEvents(t, there, c.ID, noon, 10, nil) {
		if e.WebhookID != "waiting" || !e.Doubt {
			t.Errorf("%q is due, in doubt: %t; want the first of the contact alone, which may be written by now", e.WebhookID, e.Doubt)
		}
	}
	if _, err := store.Import(t.Context(), from, to, storetest.Vault(t)); err == nil {
		t.Error("what is there already was imported again")
	} else {
		refused(t, err, store.ErrUsed)
	}
	same(t, "after the refusal", len(contents(t, storetest.Postgres, to)["links"]), 1)
}

// contents reads all rows of all tables but the migrations', in an order of their own, as text.
func contents(t *testing.T, engine, url string) map[string][]string {
	t.Helper()
	db := raw(t, engine, url)
	tables := "select name from sqlite_schema where type = 'table'"
	if engine == storetest.Postgres {
		tables = "select table_name from information_schema.tables where table_schema = current_schema()"
	}
	all := make(map[string][]string)
	for _, table := range lines(t, db, tables) {
		if table == "goose_db_version" || strings.HasPrefix(table, "sqlite_") {
			continue
		}
		all[table] = lines(t, db, "select * from "+table)
		slices.Sort(all[table])
	}
	return all
}

// lines reads the rows of an answer, the columns separated by spaces.
func lines(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	r, err := db.QueryContext(t.Context(), query)
	check(t, err)
	defer r.Close()
	columns, err := r.Columns()
	check(t, err)
	found := []string{}
	for r.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		check(t, r.Scan(into...))
		for i, v := range values {
			switch v := v.(type) {
			case []byte:
				values[i] = string(v)
			case bool: // as SQLite stores it
				values[i] = map[bool]int{true: 1}[v]
			}
		}
		found = append(found, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	check(t, r.Err())
	return found
}

func TestImportRefuses(t *testing.T) {
	from, to := storetest.URL(t, storetest.SQLite), storetest.URL(t, storetest.Postgres)
	furnished(t, storetest.At(t, from))
	none := filepath.Join(t.TempDir(), "none.db")
	text := filepath.Join(t.TempDir(), "text.db")
	check(t, os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600))
	_, other := vaultWith(t)
	for _, test := range []struct {
		name, from, to string
		vault          *store.Vault
		want           string
	}{
		{"into SQLite", from, none, storetest.Vault(t), store.ErrNoImport.Error()},
		{"from PostgreSQL", to, to, storetest.Vault(t), store.ErrNoImport.Error()},
		{"from nowhere", none, to, storetest.Vault(t), "no such file"},
		{"from something else", text, to, storetest.Vault(t), "not a database"},
		{"with other keys", from, to, other, store.ErrWrongKey.Error()},
	} {
		if _, err := store.Import(t.Context(), test.from, test.to, test.vault); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a database was made")
	}
	_, err := store.Import(t.Context(), from, to, storetest.Vault(t))
	check(t, err) // nothing of the failures is in the way
}
