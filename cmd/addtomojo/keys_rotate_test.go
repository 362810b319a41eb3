package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/mojo"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"

	"golang.org/x/oauth2"
)

const (
	heldTokens    = 150 // wait for the end of the connection, two of each: no refresh would ever bring them under a new key
	moreCustomers = 40  // each refreshes once: tokens that are as good as new are not refreshed again
)

// A key is rotated from `keys add` to `keys remove` while calls come in and tokens are refreshed, on PostgreSQL by two processes. The
// first `keys reseal` is killed in the middle. No call fails, and in the end the new key alone opens everything.
func TestRotateTheKeyToItsEnd(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, program, storetest.URL(t, engine), 1)
			k.must(t, k.start(t.Context()))
			defer k.kill()
			key, err := k.push(t.Context(), k.ids[:killedDialing])
			k.must(t, err)
			k.must(t, k.until(t.Context(), "/push/"+key, store.PushDone))
			conn, err := k.db.ConnectionByEmail(t.Context(), sampleEmail)
			k.must(t, err)
			for i := range heldTokens {
				held := &oauth2.Token{AccessToken: fmt.Sprint("access ", i), RefreshToken: fmt.Sprint("refresh ", i)}
				k.must(t, k.db.Outlive(t.Context(), store.Mojo, conn.ID, held, time.Now()))
			}
			customers := k.connectMore(t)

			vars := k.settings(t)
			vars["ENCRYPTION_KEYSET"] = k.keys(t, vars, "add")
			k.restartWith(t, vars)
			processes := []*killing{k}
			if engine == storetest.Postgres {
				processes = append(processes, k.beside(t))
			}
			events, want := 0, make(map[string]*told)
			endUse := k.meanwhile(t, func(ctx context.Context) { events = k.useTokens(ctx, t, processes, customers, want) })
			k.resealAndKill(t, vars)
			out, err := k.reseal(t, vars).CombinedOutput()
			if err != nil || !bytes.Contains(out, []byte("No row needs an old key")) {
				t.Errorf("keys reseal: %v, %s", err, out)
			}
			endUse()
			if n := k.wise.RefreshCount(); n < 2 || n > moreCustomers {
				t.Errorf("%d refreshes at Wise Agent, want some while rows are resealed, and none of a customer twice", n)
			}
			k.allWritten(t, conn, events, want)

			vars["ENCRYPTION_KEYSET"] = k.keys(t, vars, "remove")
			k.restartWith(t, vars)
			k.wise.ExpireTokens(sampleEmail) // whose tokens were resealed, and not refreshed
			k.mojo.ExpireTokens(ruiz)
			k.must(t, k.happen(events, events+killedDialing, want))
			k.must(t, k.visit(t.Context(), k.url, k.ids[1]))
			k.allWritten(t, conn, events+killedDialing, want)
			for _, p := range processes {
				p.kill()
			}
			k.opensAll(t, vars, append(customers, customer{conn, ""}))
		})
	}
}

// restartWith stops the program, as an operator does, and starts it with other settings.
func (k *killing) restartWith(t *testing.T, vars map[string]string) {
	t.Helper()
	k.must(t, terminate(k.child))
	k.browser.CloseIdleConnections()
	k.with(vars)
	k.must(t, k.start(t.Context()))
}

// beside starts one more process on the same database.
func (k *killing) beside(t *testing.T) *killing {
	t.Helper()
	second, address, child := *k, freeAddress(t), k.command(context.WithoutCancel(t.Context()))
	child.Args[len(child.Args)-1] = address
	second.url = "http://" + address
	k.must(t, second.startAs(t.Context(), child))
	t.Cleanup(second.kill)
	return &second
}

// meanwhile has something go on until it is ended, with the test at the latest.
func (k *killing) meanwhile(t *testing.T, work func(context.Context)) (end func()) {
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { work(ctx) })
	end = func() {
		stop()
		working.Wait()
	}
	t.Cleanup(end)
	return end
}

// A customer is a connection with a contact of its own.
type customer struct {
	store.Connection
	contact string
}

// connectMore connects more customers, each with one contact.
func (k *killing) connectMore(t *testing.T) (customers []customer) {
	t.Helper()
	client := &mojo.Client{AuthURL: k.settings(t)["MOJO_AUTH_URL"], ClientID: "addtomojo", ClientSecret: "kill-secret"}
	for i := range moreCustomers {
		email, account := fmt.Sprintf("customer%d@example.com", i), fmt.Sprint("acc_more_", i)
		k.wise.AddUser(wisebox.User{Email: email, Password: "more-sandbox", First: "Joe", Last: "Park"})
		contact := k.wise.AddContact(email, wisebox.Contact{First: "Ann", Last: "Lee", MobilePhone: "(520) 555-0123"})
		agent := mojobox.Agent{ID: int64(90_000 + i), Login: email, Password: "more-sandbox", Name: "Joe Park", Email: email, Permission: "owner"}
		k.mojo.AddAccount(mojobox.Account{ID: account, Name: "Park Homes", PIN: fmt.Sprint(700_000 + i), Agents: []mojobox.Agent{agent}})
		grant, err := client.SignIn(t.Context(), fmt.Sprint(700_000+i), email, "more-sandbox")
		k.must(t, err)
		access, refresh, expires := k.wise.Tokens(email, strings.Fields(wiseagent.Scopes)...)
		conn, err := k.db.Connect(t.Context(), store.Connection{
			Email: email, Name: "Joe Park", Scopes: wiseagent.Scopes, MojoAccountID: account, MojoAccountName: "Park Homes",
			MojoAccountURL: grant.AccountURL, MojoLogin: email, MojoPermission: "owner", CreatedAt: time.Now(),
		}, grant.Token, &oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires}, "")
		k.must(t, err)
		customers = append(customers, customer{conn, contact})
	}
	return customers
}

// useTokens has the processes in turn refresh the customers' tokens and deliver Kate's calls until ctx ends, and counts what happened
// in Mojo.
func (k *killing) useTokens(ctx context.Context, t *testing.T, processes []*killing, customers []customer, want map[string]*told) (events int) {
	for round := 0; ctx.Err() == nil; round++ {
		c := customers[round%len(customers)]
		if round < len(customers) {
			k.wise.ExpireTokens(c.Email)
			k.mojo.ExpireTokens(c.MojoAccountID)
		}
		if err := k.visitAs(t.Context(), processes[round%len(processes)].url, c.Email, c.contact); err != nil {
			t.Errorf("visit %d: %v", round, err)
		}
		if err := k.happen(events, events+3, want); err != nil {
			t.Error(err)
		}
		events += 3
		pause(ctx, 20*time.Millisecond)
	}
	return events
}

// reseal is the command, as a process of its own beside the service.
func (k *killing) reseal(t *testing.T, vars map[string]string) *exec.Cmd {
	t.Helper()
	cmd := k.command(t.Context())
	cmd = exec.CommandContext(t.Context(), cmd.Path, "keys", "reseal", "--every-instance-has-this-keyset")
	cmd.Env = []string{"DATABASE_URL=" + vars["DATABASE_URL"], "ENCRYPTION_KEYSET=" + vars["ENCRYPTION_KEYSET"]}
	return cmd
}

// resealAndKill begins to reseal and ends in the middle: the old key is still needed, and nobody may leave it out.
func (k *killing) resealAndKill(t *testing.T, vars map[string]string) {
	t.Helper()
	vault, err := store.NewVault(vars["ENCRYPTION_KEYSET"])
	k.must(t, err)
	cmd := k.reseal(t, vars)
	k.must(t, cmd.Start())
	db := storetest.SQL(t, vars["DATABASE_URL"])
	k.must(t, eventually(t.Context(), "held tokens are resealed", func() (begun bool) {
		err := db.QueryRowContext(t.Context(), "select count(distinct substr(token, 1, 5)) > 1 from revocations").Scan(&begun)
		return err == nil && begun
	}))
	k.must(t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		t.Error("keys reseal had ended before it was killed: the test kills nothing")
	}
	if n, err := store.OldSeals(t.Context(), vars["DATABASE_URL"], vault); err != nil || n < 2 {
		t.Errorf("%d rows need the old key (%v), want it killed in the middle", n, err)
	}
	var out bytes.Buffer
	err = run(t.Context(), []string{"keys", "remove"}, from(vars), &out, &out)
	if err == nil || !strings.Contains(err.Error(), "still needed") || out.Len() > 0 {
		t.Errorf("keys remove says %q and %v, want the old keys still needed", out.String(), err)
	}
	newest, err := store.RemoveOldKeys(vars["ENCRYPTION_KEYSET"])
	k.must(t, err)
	without := map[string]string{"ENCRYPTION_KEYSET": newest}
	for name, value := range vars {
		if name != "ENCRYPTION_KEYSET" {
			without[name] = value
		}
	}
	if err := run(t.Context(), []string{"migrate"}, from(without), &out, &out); err == nil {
		t.Error("without the old key the database opens, want that refused")
	}
}

// allWritten waits until all that happened is in Wise Agent, and checks that it is there once, and that nothing failed on
// the way.
func (k *killing) allWritten(t *testing.T, conn store.Connection, events int, want map[string]*told) {
	t.Helper()
	var l store.Ledger
	err := eventually(t.Context(), "all is written", func() bool {
		var err error
		l, err = k.db.Ledger(t.Context(), conn.ID)
		return err == nil && l.Received == events && l.Written == events
	})
	if err != nil {
		t.Errorf("%v; the ledger is %+v, want %d written\n%s", err, l, events, k.log.tail())
	}
	k.must(t, k.same(want))
	now, err := k.db.Connection(t.Context(), conn.ID)
	k.must(t, err)
	if now.State != store.StateConnected {
		t.Errorf("the connection is %s for %s, want connected", now.State, now.Cause)
	}
	if c := k.mojo.HookCounts(); c.Attempts != c.Total {
		t.Errorf("%d hooks took %d attempts, want each taken at once", c.Total, c.Attempts)
	}
	for _, failure := range []string{"decryption failed", "delivery waits"} {
		if k.log.has(failure) {
			t.Errorf("the log tells of %q:\n%s", failure, k.log.tail())
		}
	}
}

// opensAll opens every token with the settings' keyset.
func (k *killing) opensAll(t *testing.T, vars map[string]string, customers []customer) {
	t.Helper()
	settings, err := readSettings(from(vars))
	k.must(t, err)
	db, err := openStore(t.Context(), settings)
	k.must(t, err)
	defer db.Close()
	for _, c := range customers {
		for _, side := range []store.Side{store.Mojo, store.Wise} {
			got, err := db.Tokens(t.Context(), c.ID, side)
			k.must(t, err)
			if got.Token.RefreshToken == "" || got.Refused {
				t.Errorf("%s: %s's tokens are %+v, want live ones", c.Email, side, got)
			}
		}
		k.must(t, db.Reset(t.Context(), c.ID, time.Now()))
	}
	all, err := db.ClaimRevocations(t.Context(), time.Now(), time.Now().Add(time.Hour), 10*heldTokens)
	k.must(t, err)
	if want := 2*heldTokens + 4*len(customers); len(all) < want {
		t.Errorf("%d tokens are to be revoked, want those that were held and everybody's, %d", len(all), want)
	}
}
