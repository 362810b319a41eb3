package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"

	"golang.org/x/oauth2"
)

// Our database was lost: what tells who is who in Mojo is only left in Wise Agent, on more than two pages of contacts.
func TestLinksRebuildCommand(t *testing.T) {
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			wise := wisebox.New(wisebox.Config{ClientID: "wise", ClientSecret: "wise-secret"})
			wise.AddUser(wisebox.User{Email: sampleEmail, Password: sampleWisePassword, First: "Kate", Last: "Moreno"})
			dialer := mojobox.New(mojobox.Config{ClientID: "mojo", ClientSecret: "marked-mojo-secret"})
			t.Cleanup(dialer.Close)
			dialer.AddSample()
			pushed, sent := keptLinks(wise, dialer, 250)
			settings, vars := afterTheLoss(t, engine, wise, dialer)
			account := connectAnew(t, settings, wise)

			rebuilds := func(left int, linked map[string]int64, flags ...string) {
				t.Helper()
				var out, errs bytes.Buffer
				args := append([]string{"links", "rebuild", "--email", " Kate@Example.com"}, flags...)
				err := run(t.Context(), args, from(vars), &out, &errs)
				want := fmt.Sprintf("Links known: %d\nLeft out, unknown in Mojo as sent from Wise Agent: %d\n", len(linked), left)
				if err != nil || out.String() != want || errs.Len() > 0 {
					t.Fatalf("got %q, %q and %v; want %q alone", out.String(), errs.String(), err, want)
				}
				checkRebuilt(t, settings, account, linked)
			}
			rebuilds(len(sent), pushed)
			rebuilds(len(sent), pushed) // a second time does no harm
			maps.Copy(pushed, sent)
			rebuilds(0, pushed, "--same-mojo-account")
			checkCallsArrive(t, settings, wise, account, pushed)
		})
	}
	t.Run("in the middle Wise Agent fails", func(t *testing.T) {
		faults := new(fault.Set)
		wise := wisebox.New(wisebox.Config{ClientID: "wise", ClientSecret: "wise-secret", Faults: faults})
		wise.AddUser(wisebox.User{Email: sampleEmail, Password: sampleWisePassword, First: "Kate", Last: "Moreno"})
		dialer := mojobox.New(mojobox.Config{ClientID: "mojo", ClientSecret: "marked-mojo-secret"})
		t.Cleanup(dialer.Close)
		dialer.AddSample()
		keptLinks(wise, dialer, 250)
		settings, vars := afterTheLoss(t, storetest.SQLite, wise, dialer)
		connectAnew(t, settings, wise)
		faults.Add(fault.Rule{Endpoint: "getContacts", Kind: fault.ServerError, Status: 503, After: 1})
		var out, errs bytes.Buffer
		err := run(t.Context(), []string{"links", "rebuild", "--email", sampleEmail}, from(vars), &out, &errs)
		if err == nil || !strings.Contains(err.Error(), "run it again") || !strings.Contains(err.Error(), "the links found before that are kept: ") || out.Len() > 0 {
			t.Errorf("got %q and %v, want what is kept and to run it again", out.String(), err)
		}
	})
	t.Run("not connected", func(t *testing.T) {
		_, vars := afterTheLoss(t, storetest.SQLite, wisebox.New(wisebox.Config{}), mojobox.New(mojobox.Config{}))
		var out, errs bytes.Buffer
		if err := run(t.Context(), []string{"migrate"}, from(vars), io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		err := run(t.Context(), []string{"links", "rebuild", "--email", sampleEmail}, from(vars), &out, &errs)
		if err == nil || !strings.Contains(err.Error(), sampleEmail+" is not connected") || out.Len() > 0 {
			t.Errorf("got %q and %v, want only that she is not connected", out.String(), err)
		}
	})
}

// keptLinks adds n contacts. Most have Mojo's id in their custom field; they are returned by ClientID: those that were pushed, which Mojo
// knows, and those that were sent from there.
func keptLinks(wise *wisebox.Server, dialer *mojobox.Server, n int) (pushed, sent map[string]int64) {
	pushed, sent = make(map[string]int64), make(map[string]int64)
	for i := range n {
		c := wisebox.Contact{First: "Person", Last: strconv.Itoa(i), Custom: []wisebox.Custom{{Key: "Lot", Value: "12"}}}
		switch i % 5 {
		case 1: // never sent
		case 2:
			c.Custom = append(c.Custom, wisebox.Custom{Key: "MojoContactID", Value: []string{"", "0", "-5", "see notes"}[i%4]})
		default:
			c.Custom = append(c.Custom, wisebox.Custom{Key: "MojoContactID", Value: strconv.Itoa(100000 + i)})
		}
		id := wise.AddContact(sampleEmail, c)
		switch i % 5 {
		case 0, 4: // Mojo's own id of it counts
			pushed[id] = dialer.AddContact(ruiz, mojobox.Contact{APIContactID: "wa-" + id, FullName: "Person"})
		case 3:
			sent[id] = int64(100000 + i)
		}
	}
	return pushed, sent
}

// afterTheLoss are the settings of a service with a new database.
func afterTheLoss(t *testing.T, engine string, wise *wisebox.Server, dialer *mojobox.Server) (Settings, map[string]string) {
	t.Helper()
	partner, host := httptest.NewServer(wise), httptest.NewServer(dialer)
	t.Cleanup(partner.Close)
	t.Cleanup(host.Close)
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars := goodVars(t)
	vars["ENCRYPTION_KEYSET"], vars["DATABASE_URL"] = keyset, storetest.URL(t, engine)
	vars["WISEAGENT_AUTH_URL"], vars["WISEAGENT_API_URL"], vars["MOJO_AUTH_URL"] = partner.URL, partner.URL, host.URL
	settings, err := readSettings(from(vars))
	if err != nil {
		t.Fatal(err)
	}
	return settings, vars
}

// connectAnew is what the customer did before an operator rebuilds the links.
func connectAnew(t *testing.T, settings Settings, wise *wisebox.Server) store.Connection {
	t.Helper()
	db, err := openStore(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	client := mojo.Client{AuthURL: settings.MojoAuthURL, ClientID: settings.MojoClientID, ClientSecret: settings.MojoClientSecret.reveal()}
	grant, err := client.SignIn(t.Context(), samplePIN, sampleLogin, samplePassword)
	if err != nil {
		t.Fatal(err)
	}
	access, refresh, expires := wise.Tokens(sampleEmail, strings.Fields(wiseagent.Scopes)...)
	conn, err := db.Connect(t.Context(), store.Connection{
		Email: sampleEmail, Name: "Kate Moreno", Scopes: wiseagent.Scopes, MojoAccountID: grant.Account.ID, MojoAccountURL: grant.AccountURL,
		MojoLogin: sampleLogin, MojoPermission: grant.Agent.Permission, CreatedAt: time.Now(),
	}, grant.Token, &oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires, TokenType: "Bearer"}, "")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func checkRebuilt(t *testing.T, settings Settings, conn store.Connection, linked map[string]int64) {
	t.Helper()
	db, err := openStore(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for clientID, id := range linked {
		l, err := db.LinkOf(t.Context(), conn.ID, id, "")
		if err != nil || l.ClientID != clientID || l.MojoContactID != id || l.APIContactID != "wa-"+clientID || l.CustomWritten != (id >= 100000) {
			t.Errorf("Mojo's contact %d is %+v, %v; want the ClientID %s, and its custom field written if it had that id", id, l, err, clientID)
		}
	}
	ofMojo := slices.Collect(maps.Values(linked))
	for i := range int64(250) {
		l, err := db.LinkOf(t.Context(), conn.ID, 100000+i, "")
		if !slices.Contains(ofMojo, 100000+i) && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Mojo's contact %d: got a link to %q and %v, want none", 100000+i, l.ClientID, err)
		}
	}
}

// checkCallsArrive tells the service of a call of each contact.
func checkCallsArrive(t *testing.T, settings Settings, wise *wisebox.Server, conn store.Connection, linked map[string]int64) {
	t.Helper()
	db, err := openStore(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	service, err := newBridge(settings, db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := service.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	defer running.Wait()
	defer cancel()
	for _, id := range linked {
		hook := fmt.Appendf(nil, `{"type":"call.completed","data":{"account_id":%q,"contact":{"contact_id":%d,"full_name":"Person"},
			"call":{"id":%d,"result":"contact","started_at":"2026-11-22T17:01:40Z"}}}`, conn.MojoAccountID, id, id)
		if err := service.Receive(t.Context(), fmt.Sprint("call ", id), hook); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	for l := (store.Ledger{}); l.Received == 0 || l.Waiting > 0; time.Sleep(20 * time.Millisecond) {
		if l, err = db.Ledger(t.Context(), conn.ID); err != nil || time.Now().After(deadline) {
			t.Fatalf("the ledger is still %+v, %v", l, err)
		}
	}
	for clientID, id := range linked {
		notes := wise.Notes(sampleEmail, clientID)
		if mark := fmt.Sprint("Mojo call #", id); len(notes) != 1 || !strings.HasSuffix(notes[0].Text, mark) {
			t.Errorf("contact %s has the notes %+v, want one that ends with %q", clientID, notes, mark)
		}
	}
}
