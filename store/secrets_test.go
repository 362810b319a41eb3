package store_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// secrets stores a secret of every kind, each with "canary" in it.
func secrets(t *testing.T, s *store.Store) {
	t.Helper()
	l := launched(t, s)
	check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("canary 1"), noon.Add(time.Hour), noon))
	check(t, s.SaveMojoSide(t.Context(), l.ID, mojoSide("canary 2"), noon.Add(time.Hour), noon))
	check(t, s.SaveWiseSide(t.Context(), l.ID, wiseSide("canary 3"), noon.Add(time.Hour), noon))
	check(t, s.StartConsent(t.Context(), store.Consent{StateHash: "5ee", LaunchID: l.ID, Verifier: "canary 4"}))
	c, err := s.Connect(t.Context(), kate(), token("canary 5"), token("canary 6"), "")
	check(t, err)
	check(t, s.SaveRefreshed(t.Context(), c.ID, store.Mojo, 1, token("canary 7"), noon))
}

func TestFilesHoldNoSecret(t *testing.T) {
	path := storetest.URL(t, storetest.SQLite)
	s := storetest.At(t, path)
	secrets(t, s)
	files, err := filepath.Glob(path + "*") // the write-ahead log too
	check(t, err)
	if len(files) < 2 {
		t.Fatalf("got files %q, want the write-ahead log among them", files)
	}
	found := false
	for _, file := range files {
		b, err := os.ReadFile(file)
		check(t, err)
		found = found || bytes.Contains(b, []byte("kate@example.com"))
		if bytes.Contains(b, []byte("canary ")) {
			t.Errorf("%s holds a secret", filepath.Base(file))
		}
		info, err := os.Stat(file)
		check(t, err)
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(file), got)
		}
	}
	if !found {
		t.Error("the files do not hold the e-mail either: the test looks in the wrong place")
	}
}

func TestTablesHoldNoSecret(t *testing.T) {
	url := storetest.URL(t, storetest.Postgres)
	secrets(t, storetest.At(t, url))
	db := raw(t, storetest.Postgres, url)
	var dump string
	err := db.QueryRowContext(t.Context(), "select database_to_xml(true, true, '')::text").Scan(&dump)
	check(t, err)
	for _, canary := range []string{"canary ", hex.EncodeToString([]byte("canary ")), "Y2FuYXJ5"} { // Y2FuYXJ5: base64
		if bytes.Contains([]byte(dump), []byte(canary)) {
			t.Errorf("the tables hold a secret, as %q", canary)
		}
	}
	if !bytes.Contains([]byte(dump), []byte("kate@example.com")) {
		t.Error("the dump does not hold the e-mail either: the test looks in the wrong place")
	}
}

func TestSwappedCiphertextsDoNotOpen(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			url := storetest.URL(t, engine)
			s := storetest.At(t, url)
			c := connected(t, s)
			from := fmt.Sprintf("from tokens where connection_id = '%s' and side = 'wiseagent'", c.ID)
			run(t, engine, url, fmt.Sprintf(
				"update tokens set access = (select access %s), refresh = (select refresh %s) where side = 'mojo'", from, from))
			if got, err := s.Tokens(t.Context(), c.ID, store.Mojo); err == nil {
				t.Errorf("got %+v from another row's ciphertext, want an error", got)
			}
			got, err := s.Tokens(t.Context(), c.ID, store.Wise)
			check(t, err)
			sameToken(t, "the untouched token", got.Token, token("wise"))
		})
	}
}
