package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"

	"golang.org/x/oauth2"
)

func TestKeysAddReadsTheKeysetAsServeDoes(t *testing.T) {
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyset")
	if err := os.WriteFile(path, []byte(keyset+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, vars := range []map[string]string{
		{"ENCRYPTION_KEYSET": keyset},
		{"ENCRYPTION_KEYSET_FILE": path, "MOJO_CLIENT_SECRET_FILE": "/nowhere"}, // which is not what it needs
	} {
		var out, errs bytes.Buffer
		if err := run(t.Context(), []string{"keys", "add"}, from(vars), &out, &errs); err != nil {
			t.Fatalf("%v: %v", vars, err)
		}
		added, ok := strings.CutPrefix(strings.TrimSuffix(out.String(), "\n"), "ENCRYPTION_KEYSET=")
		if _, err := store.NewVault(added); !ok || err != nil || added == keyset {
			t.Errorf("%v: got %q, %v; want one line with another keyset", vars, out.String(), err)
		}
	}
	for want, vars := range map[string]map[string]string{
		"is not set": {},
		"both set":   {"ENCRYPTION_KEYSET": keyset, "ENCRYPTION_KEYSET_FILE": path},
		"no such":    {"ENCRYPTION_KEYSET_FILE": path + ".missing"},
		"not base64": {"ENCRYPTION_KEYSET": "marked keyset"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{"keys", "add"}, from(vars), &out, &out)
		if err == nil || !strings.Contains(err.Error(), "ENCRYPTION_KEYSET") || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "marked") || out.Len() > 0 {
			t.Errorf("%v: got %q and %v, want %q alone", vars, out.String(), err, want)
		}
	}
}

// Both commands say what is missing, and print no keyset before the database shows that it is enough.
func TestKeysRemoveIsCareful(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			keyset, err := store.GenerateKeyset()
			if err != nil {
				t.Fatal(err)
			}
			both, err := store.AddKey(keyset)
			if err != nil {
				t.Fatal(err)
			}
			url := storetest.URL(t, engine)
			reseal, remove := []string{"reseal", "--every-instance-has-this-keyset"}, []string{"remove"}
			says := func(args []string, database, keyset, want string) {
				t.Helper()
				var out bytes.Buffer
				vars := map[string]string{"DATABASE_URL": database, "ENCRYPTION_KEYSET": keyset, "MOJO_CLIENT_SECRET_FILE": "/nowhere"}
				err := run(t.Context(), append([]string{"keys"}, args...), from(vars), &out, &out)
				said := out.String() + fmt.Sprint(err)
				if !strings.Contains(said, want) || strings.Contains(said, "marked") ||
					err != nil && (out.Len() > 0 || keyset != "" && strings.Contains(said, keyset)) {
					t.Errorf("%q says %q, want %q alone and no secret", args, said, want)
				}
			}
			for _, args := range [][]string{reseal, remove} {
				says(args, url, "", "ENCRYPTION_KEYSET is not set")
				says(args, url, "marked keyset", "not base64")
				says(args, url, both, "DATABASE_URL") // where nothing was ever sealed
				says(args, url+".missing", both, map[string]string{storetest.SQLite: "DATABASE_URL", storetest.Postgres: "open database"}[engine])
			}
			says(append(remove, "now"), url, both, "usage")
			says(append(reseal, "now"), url, both, "every instance")
			says(reseal[:1], url, both, "every instance")

			vault, err := store.NewVault(keyset)
			if err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(t.Context(), url, vault)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.AddRevocations(t.Context(), store.Mojo, "", &oauth2.Token{AccessToken: "a", RefreshToken: "r"}, time.Now()); err != nil {
				t.Fatal(err)
			}
			other, err := store.AddKey(keyset)
			if err != nil {
				t.Fatal(err)
			}
			if other, err = store.RemoveOldKeys(other); err != nil {
				t.Fatal(err)
			}
			says(reseal, url, other, "does not open this database")
			says(remove, url, keyset, "no old one")
			says(remove, url, both, "3 rows") // the canary, too
			says(remove, url, both, "keys reseal --every-instance-has-this-keyset")
			says(reseal, url, both, "anew: 2\n")
			says(reseal, url, both, "anew: 0\n")
			says(remove, url, both, "ENCRYPTION_KEYSET=")
		})
	}
}

// A key is added while the service runs, and the service started anew: it goes on with the tokens that the old key sealed, and
// seals with the new one.
func TestRotateTheKey(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, engine), 1)
			k.work(t)
			k.must(t, k.start(t.Context()))
			defer k.kill()
			k.must(t, eventually(t.Context(), "the calls are written", func() bool { return k.written(t) == 2 }))

			old := k.settings(t)
			vars := k.settings(t)
			vars["ENCRYPTION_KEYSET"] = k.keys(t, vars, "add")
			k.kill()
			k.with(vars)
			k.must(t, k.start(t.Context()))
			k.call(t, 3)
			k.must(t, eventually(t.Context(), "a call is written with the old token", func() bool { return k.written(t) == 3 }))
			if n := k.wise.RefreshCount(); n != 0 {
				t.Errorf("%d refreshes, want the old key's token used", n)
			}
			k.wise.ExpireTokens(sampleEmail)
			k.call(t, 4)
			k.must(t, eventually(t.Context(), "a call is written with a new token", func() bool { return k.written(t) == 4 }))

			settings, err := readSettings(from(old))
			k.must(t, err)
			db, err := openStore(t.Context(), settings)
			k.must(t, err)
			defer db.Close()
			conn, err := db.ConnectionByEmail(t.Context(), sampleEmail)
			k.must(t, err)
			if got, err := db.Tokens(t.Context(), conn.ID, store.Wise); err == nil {
				t.Errorf("the old keyset opens %+v, want it sealed by the new key", got)
			}
		})
	}
}

// The keyset is lost: the service doesn't start with another one before the operator says so. Then its customer signs in again, and
// finds all that waited.
func TestLoseTheKey(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, engine), 1)
			k.work(t)
			var out bytes.Buffer
			k.must(t, run(t.Context(), []string{"keys", "generate"}, nil, &out, &out))
			vars := k.settings(t)
			vars["ENCRYPTION_KEYSET"] = strings.TrimPrefix(strings.Split(out.String(), "\n")[0], "ENCRYPTION_KEYSET=")

			err := run(t.Context(), []string{"migrate"}, from(vars), &out, &out)
			if err == nil || !strings.Contains(err.Error(), "addtomojo keys forget") {
				t.Fatalf("start with another keyset: %v, want to be told of keys forget", err)
			}
			out.Reset()
			err = run(t.Context(), []string{"keys", "forget"}, from(vars), &out, &out)
			if err == nil || !strings.Contains(err.Error(), "--everybody-signs-in-again") || out.Len() > 0 {
				t.Fatalf("without the flag: %q and %v, want what it takes", out.String(), err)
			}
			err = run(t.Context(), []string{"migrate"}, from(vars), &out, &out)
			if err == nil {
				t.Fatal("without the flag the tokens are forgotten, want nothing done")
			}
			k.must(t, run(t.Context(), []string{"keys", "forget", "--everybody-signs-in-again"}, from(vars), &out, &out))
			if !strings.Contains(out.String(), "new sign-in: 1\n") {
				t.Errorf("got %q, want one connection counted", out.String())
			}

			k.with(vars)
			k.must(t, k.start(t.Context()))
			defer k.kill()
			conn := k.needsSignIn(t)
			k.call(t, 3)
			if l, err := k.db.Ledger(t.Context(), conn.ID); err != nil || l.Waiting != 3 {
				t.Errorf("ledger %+v, %v; want all three calls waiting", l, err)
			}
			k.signInAgain(t, vars)
			k.must(t, eventually(t.Context(), "all calls are written", func() bool { return k.written(t) == 3 }))
		})
	}
}

// settings are the child's.
func (k *killing) settings(t *testing.T) map[string]string {
	t.Helper()
	vars := make(map[string]string)
	for _, line := range k.command(t.Context()).Env {
		name, value, _ := strings.Cut(line, "=")
		vars[name] = value
	}
	return vars
}

// with has the program started with other settings from now on.
func (k *killing) with(vars map[string]string) {
	command := k.command
	var env []string
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	k.command = func(ctx context.Context) *exec.Cmd {
		cmd := command(ctx)
		cmd.Env = env
		return cmd
	}
}

// keys runs one of the commands that print a keyset.
func (k *killing) keys(t *testing.T, vars map[string]string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	k.must(t, run(t.Context(), append([]string{"keys"}, args...), from(vars), &out, &out))
	return strings.TrimPrefix(strings.TrimSpace(out.String()), "ENCRYPTION_KEYSET=")
}

// written is how many calls Wise Agent has of the first contact.
func (k *killing) written(t *testing.T) (calls int) {
	for _, note := range k.wise.Notes(sampleEmail, k.ids[0]) {
		if strings.Contains(note.Text, "Mojo call #") {
			calls++
		}
	}
	return calls
}

// call stores a call of the first contact as a hook would.
func (k *killing) call(t *testing.T, id int) {
	t.Helper()
	_, err := k.db.ReceiveEvent(t.Context(), store.Event{
		WebhookID: fmt.Sprint("another call ", id), AccountID: ruiz, Type: "call.completed", MojoContactID: 58,
		Body:       fmt.Appendf(nil, `{"account_id":%q,"contact":{"contact_id":58},"call":{"id":%d,"result":"contact","phone":"5205550100"}}`, ruiz, id),
		ReceivedAt: time.Now(), OccurredAt: time.Now(),
	}, "")
	k.must(t, err)
}

// signInAgain is what both sign-ins store in the end.
func (k *killing) signInAgain(t *testing.T, vars map[string]string) {
	t.Helper()
	settings, err := readSettings(from(vars))
	k.must(t, err)
	db, err := openStore(t.Context(), settings)
	k.must(t, err)
	defer db.Close()
	conn, err := db.ConnectionByEmail(t.Context(), sampleEmail)
	k.must(t, err)
	client := &mojo.Client{AuthURL: vars["MOJO_AUTH_URL"], ClientID: "addtomojo", ClientSecret: "kill-secret"}
	grant, err := client.SignIn(t.Context(), samplePIN, sampleLogin, samplePassword)
	k.must(t, err)
	access, refresh, expires := k.wise.Tokens(sampleEmail, strings.Fields(wiseagent.Scopes)...)
	k.must(t, db.RefreshSide(t.Context(), conn.ID, store.Mojo, grant.Token, "", time.Now()))
	k.must(t, db.RefreshSide(t.Context(), conn.ID, store.Wise,
		&oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires}, wiseagent.Scopes, time.Now()))
}
