package store_test

import (
	"context"
	"database/sql"
	"errors"
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

// rotation is a keyset, the one that AddKey makes of it, and what stays of that in the end.
type rotation struct{ old, both, newest *store.Vault }

func rotated(t *testing.T) (r rotation) {
	t.Helper()
	keyset, first := vaultWith(t)
	r.old = first
	for _, step := range []struct {
		make func(string) (string, error)
		as   **store.Vault
	}{{store.AddKey, &r.both}, {store.RemoveOldKeys, &r.newest}} {
		var err error
		keyset, err = step.make(keyset)
		check(t, err)
		*step.as, err = store.NewVault(keyset)
		check(t, err)
	}
	return r
}

// Every kind of secret, sealed by the old key, is opened by the new one alone afterwards.
func TestResealAll(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url, keys := storetest.URL(t, engine), rotated(t)
			s := openedWith(t, url, keys.old)
			secrets(t, s)
			c, err := s.ConnectionByEmail(t.Context(), "kate@example.com")
			check(t, err)
			check(t, s.RefreshSide(t.Context(), c.ID, store.Mojo, token("again"), "", noon)) // whose old tokens are held back
			before, err := s.Tokens(t.Context(), c.ID, store.Mojo)
			check(t, err)
			check(t, s.Close())
			was := seals(t, url)
			for _, column := range []string{
				"consents.verifier", "mojo_sides.access", "mojo_sides.refresh", "revocations.token",
				"tokens.access", "tokens.refresh", "vault.sealed", "wise_sides.access", "wise_sides.refresh",
			} {
				if len(was[column]) == 0 {
					t.Errorf("nothing is sealed in %s: the test misses it", column)
				}
			}

			const rows = 2 + 1 + 1 + 1 + 4 // tokens, both sides, the consent, revocations
			oldSeals(t, url, keys.both, rows+1)
			_, err = store.OldSeals(t.Context(), url, keys.newest)
			refused(t, err, store.ErrWrongKey)
			n, err := store.Reseal(t.Context(), url, keys.both)
			check(t, err)
			same(t, "rows that were resealed", n, rows)
			oldSeals(t, url, keys.both, 0)
			for column, now := range seals(t, url) {
				if slices.ContainsFunc(now, func(key string) bool { return slices.Contains(was[column], key) }) {
					t.Errorf("%s is sealed by %q, and was by %q: want none by the old key", column, now, was[column])
				}
			}
			n, err = store.Reseal(t.Context(), url, keys.both)
			check(t, err)
			same(t, "rows that were resealed twice", n, 0)

			_, err = store.Open(t.Context(), url, keys.old)
			refused(t, err, store.ErrWrongKey)
			s = openedWith(t, url, keys.newest)
			after, err := s.Tokens(t.Context(), c.ID, store.Mojo)
			check(t, err)
			sameToken(t, "resealed token", after.Token, before.Token)
			same(t, "version", after.Version, before.Version)
			after, err = s.Tokens(t.Context(), c.ID, store.Wise)
			check(t, err)
			sameToken(t, "Wise Agent's token", after.Token, token("canary 6"))
			consent, err := s.TakeConsent(t.Context(), "5ee", time.Time{}.Add(-time.Hour))
			check(t, err)
			same(t, "verifier", consent.Verifier, "canary 4")
			v, err := s.SignIn(t.Context(), consent.LaunchID, noon)
			check(t, err)
			sameToken(t, "Mojo's side", v.Mojo.Token, token("canary 2"))
			sameToken(t, "Wise Agent's side", v.Wise.Token, token("canary 3"))
			check(t, s.Reset(t.Context(), c.ID, noon))
			left := revoked(t, s, noon.Add(time.Minute))
			for _, name := range []string{"canary 1", "canary 7", "again", "canary 6"} {
				for _, token := range []string{"access-" + name, "refresh-" + name} {
					if _, ok := left[token]; !ok {
						t.Errorf("%s is not among the revocations", token)
					}
				}
			}
		})
	}
}

// oldSeals checks how many rows need an old key.
func oldSeals(t *testing.T, url string, v *store.Vault, want int) {
	t.Helper()
	n, err := store.OldSeals(t.Context(), url, v)
	check(t, err)
	same(t, "rows that need an old key", n, want)
}

// seals gives, for every column of bytes there is, the keys that its values name: the five bytes that a ciphertext begins with.
func seals(t *testing.T, url string) map[string][]string {
	t.Helper()
	db, keys := storetest.SQL(t, url), make(map[string][]string)
	columns := `select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and lower(c.type) = 'blob'`
	if strings.HasPrefix(url, "postgres") {
		columns = `select table_name, column_name from information_schema.columns where table_schema = 'public' and data_type = 'bytea'`
	}
	for _, c := range selected(t, db, columns, 2) {
		for _, v := range selected(t, db, fmt.Sprintf("select distinct substr(%s, 1, 5) from %s", c[1], c[0]), 1) {
			keys[c[0]+"."+c[1]] = append(keys[c[0]+"."+c[1]], v[0])
		}
	}
	return keys
}

func selected(t *testing.T, db *sql.DB, query string, columns int) (all [][]string) {
	t.Helper()
	r, err := db.QueryContext(t.Context(), query)
	check(t, err)
	defer r.Close()
	for r.Next() {
		values, to := make([]string, columns), make([]any, columns)
		for i := range values {
			to[i] = &values[i]
		}
		check(t, r.Scan(to...))
		all = append(all, values)
	}
	check(t, r.Err())
	return all
}

// A refresh that is stored between the moment when a row is read and the one when it is written wins.
func TestRefreshBeatsReseal(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url, keys := storetest.URL(t, engine), rotated(t)
			s := openedWith(t, url, keys.old)
			c := connected(t, s)
			check(t, s.Close())
			db, where := storetest.SQL(t, url), fmt.Sprintf(" where connection_id = '%s' and side = 'mojo'", c.ID)
			sealed := func() (access, refresh []byte) {
				t.Helper()
				check(t, db.QueryRowContext(t.Context(), "select access, refresh from tokens"+where).Scan(&access, &refresh))
				return access, refresh
			}
			oldAccess, oldRefresh := sealed()
			s = openedWith(t, url, keys.both)
			check(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("fresh"), noon))
			access, refresh := sealed()
			set := "update tokens set access = $1, refresh = $2" + where
			_, err := db.ExecContext(t.Context(), set, oldAccess, oldRefresh) // as it was before
			check(t, err)

			conn, err := db.Conn(t.Context())
			check(t, err)
			defer conn.Close()
			begin := map[string]string{storetest.SQLite: "begin immediate", storetest.Postgres: "begin"}[engine]
			_, err = conn.ExecContext(t.Context(), begin)
			check(t, err)
			_, err = conn.ExecContext(t.Context(), set, access, refresh) // nobody sees it yet
			check(t, err)
			ended := make(chan error, 1)
			go func() {
				_, err := store.Reseal(t.Context(), url, keys.both)
				ended <- err
			}()
			time.Sleep(300 * time.Millisecond) // it has read the row, and waits for its turn to write
			_, err = conn.ExecContext(t.Context(), "commit")
			check(t, err)
			check(t, <-ended)

			got, err := s.Tokens(t.Context(), c.ID, store.Mojo)
			check(t, err)
			sameToken(t, "token", got.Token, token("fresh"))
			same(t, "version", got.Version, 2)
			oldSeals(t, url, keys.both, 0)
		})
	}
}

// What ends in the middle loses nothing, and the old key can't be left out before another Reseal went through.
func TestResealGoesOn(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url, keys := storetest.URL(t, engine), rotated(t)
			s := openedWith(t, url, keys.old)
			c := connected(t, s)
			for i := range 120 { // two of each: more than are read at once
				check(t, s.Outlive(t.Context(), store.Mojo, c.ID, token(fmt.Sprint("held ", i)), noon))
			}
			check(t, s.Close())
			const rows = 2 + 240
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var n int
			ended := make(chan error, 1)
			go func() {
				var err error
				n, err = store.Reseal(ctx, url, keys.both)
				ended <- err
			}()
			for len(seals(t, url)["revocations.token"]) < 2 && len(ended) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
			err := <-ended
			if err == nil || n == 0 || n >= rows {
				t.Fatalf("resealed %d, %v: want it to end in the middle", n, err)
			}
			left, err := store.OldSeals(t.Context(), url, keys.both)
			check(t, err)
			if left > rows+1-n || left < rows-n { // it may not have heard of the last one
				t.Errorf("%d rows need an old key after %d, want the rest of %d and the canary", left, n, rows)
			}
			_, err = store.Open(t.Context(), url, keys.newest)
			refused(t, err, store.ErrWrongKey)
			n, err = store.Reseal(t.Context(), url, keys.both)
			check(t, err)
			same(t, "rows that the second resealed", n, left-1)
			oldSeals(t, url, keys.newest, 0)

			s = openedWith(t, url, keys.newest)
			check(t, s.Reset(t.Context(), c.ID, noon))
			all, err := s.ClaimRevocations(t.Context(), noon, noon.Add(time.Hour), 1000)
			check(t, err)
			same(t, "tokens that open", len(all), 240+4)
		})
	}
}

// A value that no key opens is in nobody's way: the old key would not open it either.
func TestResealLeavesWhatNoKeyOpens(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url, keys := storetest.URL(t, engine), rotated(t)
			s := openedWith(t, url, keys.old)
			c := connected(t, s)
			check(t, s.Close())
			run(t, engine, url, "update tokens set access = refresh where side = 'mojo'")
			oldSeals(t, url, keys.both, 3)
			n, err := store.Reseal(t.Context(), url, keys.both)
			check(t, err)
			same(t, "rows that were resealed", n, 2) // one of them for its refresh token
			oldSeals(t, url, keys.both, 0)
			s = openedWith(t, url, keys.newest)
			if got, err := s.Tokens(t.Context(), c.ID, store.Mojo); err == nil {
				t.Errorf("%+v opens, want the damage left as it is", got)
			}
			got, err := s.Tokens(t.Context(), c.ID, store.Wise)
			check(t, err)
			sameToken(t, "the other side's", got.Token, token("wise"))
		})
	}
}

// A process that has the old keyset alone seals again what was just resealed: the operator is told.
func TestResealTellsOfAnOldKeyset(t *testing.T) {
	url, keys := storetest.URL(t, storetest.SQLite), rotated(t)
	s := openedWith(t, url, keys.old)
	connected(t, s)
	check(t, s.Close())
	run(t, storetest.SQLite, url, `create trigger stubborn after update on tokens begin
		update tokens set access = old.access where connection_id = old.connection_id and side = old.side; end`)
	_, err := store.Reseal(t.Context(), url, keys.both)
	refused(t, err, store.ErrOldKeySeals)
	_, err = store.Open(t.Context(), url, keys.newest)
	refused(t, err, store.ErrWrongKey)
}

// A database that isn't the right one must not say that an old key isn't needed.
func TestNeverSealed(t *testing.T) {
	_, v := vaultWith(t)
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, url := range []string{missing, storetest.URL(t, storetest.Postgres)} {
		_, err := store.OldSeals(t.Context(), url, v)
		refused(t, err, store.ErrNeverSealed)
		_, err = store.Reseal(t.Context(), url, v)
		refused(t, err, store.ErrNeverSealed)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stat of the missing file: %v, want it not made", err)
	}
}
