package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
			linked := keptLinks(wise, 250)
			settings, vars := afterTheLoss(t, engine, wise)
			account := connectAnew(t, settings, wise)

			for range 2 { // a second time does no harm
				var out, errs bytes.Buffer
				err := run(t.Context(), []string{"links", "rebuild", "--email", " Kate@Example.com"}, from(vars), &out, &errs)
				if want := fmt.Sprintf("Links known: %d\n", len(linked)); err != nil || out.String() != want || errs.Len() > 0 {
					t.Fatalf("got %q, %q and %v; want %q alone", out.String(), errs.String(), err, want)
				}
			}
			checkRebuilt(t, settings, account, linked)
			checkCallsArrive(t, settings, wise, account, linked)
		})
	}
	t.Run("not connected", func(t *testing.T) {
		_, vars := afterTheLoss(t, storetest.SQLite, wisebox.New(wisebox.Config{}))
		var out, errs bytes.Buffer
		err := run(t.Context(), []string{"links", "rebuild", "--email", sampleEmail}, from(vars), &out, &errs)
		if err == nil || !strings.Contains(err.Error(), sampleEmail+" is not connected") || out.Len() > 0 {
			t.Errorf("got %q and %v, want only that she is not connected", out.String(), err)
		}
	})
}

// keptLinks adds n contacts. Most have Mojo's id in their custom field; they are returned by ClientID.
func keptLinks(wise *wisebox.Server, n int) map[string]int64 {
	linked := make(map[string]int64)
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
		if i%5 != 1 && i%5 != 2 {
			linked[id] = int64(100000 + i)
		}
	}
	return linked
}

// afterTheLoss are the settings of a service with a new database.
func afterTheLoss(t *testing.T, engine string, wise *wisebox.Server) (Settings, map[string]string) {
	t.Helper()
	partner := httptest.NewServer(wise)
	t.Cleanup(partner.Close)
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars := goodVars(t)
	vars["ENCRYPTION_KEYSET"], vars["DATABASE_URL"] = keyset, storetest.URL(t, engine)
	vars["WISEAGENT_AUTH_URL"], vars["WISEAGENT_API_URL"] = partner.URL, partner.URL
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
	access, refresh, expires := wise.Tokens(sampleEmail, strings.Fields(wiseagent.Scopes)...)
	conn, err := db.Connect(t.Context(), store.Connection{
		Email: sampleEmail, Name: "Kate Moreno", Scopes: wiseagent.Scopes, MojoAccountID: "8812", MojoAccountURL: "http://127.0.0.1:9",
		MojoLogin: "dana", MojoPermission: "owner", CreatedAt: time.Now(),
	}, &oauth2.Token{AccessToken: "mojo"}, &oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires, TokenType: "Bearer"}, "")
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
	ofMojo := make(map[int64]string)
	for clientID, id := range linked {
		ofMojo[id] = clientID
	}
	for i := range int64(250) {
		id := 100000 + i
		l, err := db.LinkOf(t.Context(), conn.ID, id, "")
		switch clientID, ok := ofMojo[id]; {
		case !ok && errors.Is(err, store.ErrNotFound):
		case !ok || err != nil:
			t.Errorf("Mojo's contact %d: got a link to %q and %v", id, l.ClientID, err)
		case l.ClientID != clientID || l.APIContactID != "wa-"+clientID || !l.CustomWritten:
			t.Errorf("Mojo's contact %d is %+v, want the ClientID %s with its custom field written", id, l, clientID)
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
