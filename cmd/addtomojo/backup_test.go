package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"addtomojo/sandbox/fault"
	"addtomojo/store"
	"addtomojo/store/storetest"
)

// twoCallsWait starts the program, which is to be killed, with two calls that Wise Agent asks to be patient with.
func (k *killing) twoCallsWait(t *testing.T) store.Connection {
	t.Helper()
	k.faults.wise.Add(fault.Rule{Endpoint: "addContactNote", Kind: fault.TooMany, RetryAfter: 2 * time.Second, Times: 1})
	k.work(t)
	k.must(t, k.start(t.Context()))
	defer func() {
		if t.Failed() {
			k.kill()
		}
	}()
	k.must(t, eventually(t.Context(), "Wise Agent asks for patience", func() bool { return k.wise.Requests()["addContactNote"] == 1 }))
	conn, err := k.db.ConnectionByEmail(t.Context(), sampleEmail)
	k.must(t, err)
	k.must(t, eventually(t.Context(), "the calls wait", func() bool {
		l, err := k.db.Ledger(t.Context(), conn.ID)
		return err == nil && l.Waiting == 2
	}))
	return conn
}

// A backup is made while the service runs and a call waits. The call is written, then the disk is lost: from the copy the service
// goes on, and the call is not written again.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	k := newKilling(t, buildProgram(t), storetest.URL(t, storetest.SQLite), 1)
	conn := k.twoCallsWait(t)
	defer func() { k.kill() }()
	vars, file := k.settings(t), filepath.Join(t.TempDir(), "copy.db")
	var out bytes.Buffer
	alone := from(map[string]string{"DATABASE_URL": vars["DATABASE_URL"]}) // it needs no other setting
	k.must(t, run(t.Context(), []string{"backup", file}, alone, &out, &out))
	if !strings.Contains(out.String(), file) {
		t.Errorf("got %q, want the file named", out.String())
	}
	k.must(t, eventually(t.Context(), "the calls are written", func() bool { return k.written(t) == 2 }))
	k.kill()

	vars["DATABASE_URL"] = file
	k.with(vars)
	k.must(t, k.start(t.Context()))
	settings, err := readSettings(from(vars))
	k.must(t, err)
	restored, err := openStore(t.Context(), settings)
	k.must(t, err)
	defer restored.Close()
	k.must(t, eventually(t.Context(), "nothing waits any more", func() bool {
		l, err := restored.Ledger(t.Context(), conn.ID)
		return err == nil && l.Written == 2
	}))
	if n := k.written(t); n != 2 {
		t.Errorf("Wise Agent has %d notes of two calls, want each once", n)
	}
}

// Tokens that were refreshed after the backup are used up: their customer is asked to sign in again.
func TestRestoreOfUsedUpTokens(t *testing.T) {
	t.Parallel()
	k := newKilling(t, buildProgram(t), storetest.URL(t, storetest.SQLite), 1)
	vars, file := k.settings(t), filepath.Join(t.TempDir(), "copy.db")
	var out bytes.Buffer
	k.must(t, run(t.Context(), []string{"backup", file}, from(vars), &out, &out))
	k.work(t)
	k.wise.ExpireTokens(sampleEmail)
	k.must(t, k.start(t.Context()))
	defer func() { k.kill() }()
	k.must(t, eventually(t.Context(), "the calls are written", func() bool { return k.written(t) == 2 }))
	k.kill()

	k.wise.ExpireTokens(sampleEmail) // some time has passed
	vars["DATABASE_URL"] = file
	k.with(vars)
	settings, err := readSettings(from(vars))
	k.must(t, err)
	restored, err := openStore(t.Context(), settings)
	k.must(t, err)
	defer restored.Close()
	lost := k.db
	k.db = restored
	defer func() { k.db = lost }()
	k.work(t)
	k.must(t, k.start(t.Context()))
	if conn := k.needsSignIn(t); conn.Side != store.Wise {
		t.Errorf("needs %q's sign-in, want Wise Agent's", conn.Side)
	}
}

func TestBackupCommandRefuses(t *testing.T) {
	folder := t.TempDir()
	there := filepath.Join(folder, "there.db")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	database := storetest.URL(t, storetest.SQLite)
	storetest.At(t, database)
	for _, test := range []struct {
		database string
		args     []string
		want     string
	}{
		{database, nil, "usage: addtomojo backup FILE"},
		{database, []string{"--force"}, "usage: addtomojo backup FILE"},
		{database, []string{there}, "exists"},
		{database + ".none", []string{filepath.Join(folder, "copy.db")}, "no such file"},
		{"postgres://user:marked@db.example.com/addtomojo", []string{filepath.Join(folder, "copy.db")}, "pg_dump"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"backup"}, test.args...), from(map[string]string{"DATABASE_URL": test.database}), &out, &out)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "marked") || out.Len() > 0 {
			t.Errorf("%v of %s: got %q and %v, want %q", test.args, test.database, out.String(), err, test.want)
		}
	}
	if content, err := os.ReadFile(there); err != nil || string(content) != "mine" {
		t.Errorf("the file that was there is %q, %v; want it left alone", content, err)
	}
	if s, err := readSettings(from(goodVars(t))); err != nil || s.DatabaseURL.reveal() != defaultDatabase {
		t.Errorf("without DATABASE_URL the service takes %q, a backup %q", s.DatabaseURL.reveal(), defaultDatabase)
	}
}
