package main

import (
	"bytes"
	"strings"
	"testing"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// The service moves to PostgreSQL while two calls wait: there they are written, once although Mojo tells them again, the push goes on,
// and nobody signs in again.
func TestImportAndGoOn(t *testing.T) {
	t.Parallel()
	k := newKilling(t, buildProgram(t), storetest.URL(t, storetest.SQLite), 1)
	conn := k.twoCallsWait(t)
	defer func() { k.kill() }()
	k.kill()

	vars := k.settings(t)
	file := vars["DATABASE_URL"]
	vars["DATABASE_URL"] = storetest.URL(t, storetest.Postgres)
	var out bytes.Buffer
	k.must(t, run(t.Context(), []string{"import", file}, from(vars), &out, &out))
	if !strings.Contains(out.String(), "Connections: 1\nEvents that wait: 2\n") {
		t.Errorf("got %q, want what was imported", out.String())
	}
	settings, err := readSettings(from(vars))
	k.must(t, err)
	moved, err := openStore(t.Context(), settings)
	k.must(t, err)
	defer moved.Close()
	left := k.db
	k.db = moved
	defer func() { k.db = left }()
	k.with(vars)
	k.must(t, k.start(t.Context()))
	k.work(t) // the same calls, and one more push
	k.must(t, eventually(t.Context(), "nothing waits any more", func() bool {
		l, err := moved.Ledger(t.Context(), conn.ID)
		return err == nil && l.Written == 2
	}))
	if n := k.written(t); n != 2 {
		t.Errorf("Wise Agent has %d notes of two calls, want each once", n)
	}
	k.must(t, eventually(t.Context(), "both pushes are done", func() bool {
		pushes, err := moved.Pushes(t.Context(), conn.ID, 10)
		return err == nil && len(pushes) == 2 && pushes[0].State == store.PushDone && pushes[1].State == store.PushDone
	}))
}

func TestImportCommandRefuses(t *testing.T) {
	vars := goodVars(t)
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars["ENCRYPTION_KEYSET"] = keyset
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "usage: addtomojo import FILE"},
		{[]string{"--force"}, "usage: addtomojo import FILE"},
		{[]string{"some.db"}, "DATABASE_URL says where to"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), append([]string{"import"}, test.args...), from(vars), &out, &out)
		if err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
			t.Errorf("%v: got %q and %v, want %q", test.args, out.String(), err, test.want)
		}
	}
}
