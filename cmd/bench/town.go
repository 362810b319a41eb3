package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"addtomojo/mojo"
	mojobox "addtomojo/sandbox/mojo"
	wisebox "addtomojo/sandbox/wiseagent"
	"addtomojo/store"
	"addtomojo/wiseagent"

	"golang.org/x/oauth2"
)

// The customer of every round, and the account of mojobox.Sample.
const (
	customer     = "kate@example.com"
	account      = "8812"
	clientID     = "addtomojo"
	clientSecret = "bench-secret"
	launchSecret = "bench-launch-secret"
)

// partners are both stand-ins with one customer. Two of them made alike give the same ids, so that what was recorded at
// one can be replayed at the other.
type partners struct {
	wise       *wisebox.Server
	mojo       *mojobox.Server
	wiseCalls  *recorder
	mojoCalls  *recorder
	wiseServer *httptest.Server
	mojoServer *httptest.Server
	contacts   []string // the customer's, by ClientID
	group      int64
}

func newPartners(contacts int, bulkTime time.Duration) *partners {
	p := &partners{
		wise: wisebox.New(wisebox.Config{ClientID: clientID, ClientSecret: clientSecret, LaunchSecret: launchSecret}),
		mojo: mojobox.New(mojobox.Config{ClientID: clientID, ClientSecret: clientSecret, BulkTime: bulkTime, TellsAlreadyInGroup: true}),
	}
	p.wise.AddUser(wisebox.User{Email: customer, Password: "bench", First: "Kate", Last: "Moreno"})
	p.mojo.AddSample()
	p.group = p.mojo.AddGroup(account, "Bench")
	for i := range contacts {
		id := p.wise.AddContact(customer, wisebox.Contact{
			First: "Person", Last: strconv.Itoa(i), Email: fmt.Sprintf("person%d@example.com", i),
			HomePhone: fmt.Sprintf("(520) 555-01%02d", i%100), MobilePhone: fmt.Sprintf("480.555.01%02d", i%100),
			AddressNumber: "12", AddressStreet: "N Oak St", City: "Tucson", State: "AZ", Zip: "85701",
		})
		p.wise.AddNote(customer, wisebox.Note{ClientID: id, Subject: "Met", Text: "<p>At the <b>fair</b>, wants to sell in the fall</p>"})
		p.contacts = append(p.contacts, id)
	}
	p.wiseCalls, p.mojoCalls = &recorder{next: p.wise}, &recorder{next: p.mojo}
	p.wiseServer, p.mojoServer = httptest.NewServer(p.wiseCalls), httptest.NewServer(p.mojoCalls)
	return p
}

func (p *partners) close() {
	for _, s := range []*httptest.Server{p.wiseServer, p.mojoServer} {
		s.CloseClientConnections()
		s.Close()
	}
}

func (p *partners) wiseToken() *oauth2.Token {
	access, refresh, expires := p.wise.Tokens(customer, strings.Fields(wiseagent.Scopes)...)
	return &oauth2.Token{AccessToken: access, RefreshToken: refresh, Expiry: expires, TokenType: "Bearer"}
}

func (p *partners) signIn(ctx context.Context) (mojo.Grant, error) {
	client := &mojo.Client{AuthURL: p.mojoServer.URL, ClientID: clientID, ClientSecret: clientSecret}
	return client.SignIn(ctx, "482913", "dana", "dana-sandbox")
}

// bare gives a client for each partner that has a token and nothing else.
func (p *partners) bare(ctx context.Context) (wise, mojo *bare, err error) {
	grant, err := p.signIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	return newBare(p.wiseServer.URL, p.wiseToken().AccessToken), newBare(p.mojoServer.URL, grant.Token.AccessToken), nil
}

// town is the service between both partners, with the customer connected and her browser open.
type town struct {
	*partners
	*service
	*browser
	dir string
}

// newTown starts the service on a new database.
func newTown(ctx context.Context, program string, s size, contacts int) (_ *town, err error) {
	t := &town{partners: newPartners(contacts, s.BulkTime)}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if t.dir, err = os.MkdirTemp("", "addtomojo-bench-"); err != nil {
		return nil, err
	}
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return nil, err
	}
	database := filepath.Join(t.dir, "bench.db")
	db, _, err := t.connect(ctx, database, keyset)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	t.service, err = startService(ctx, program, address, []string{
		"BASE_URL=http://" + address, "DATABASE_URL=" + database, "ENCRYPTION_KEYSET=" + keyset,
		"SESSION_KEYS=" + base64.StdEncoding.EncodeToString(key), "MOJO_BATCH_SIZE=" + strconv.Itoa(s.Batch),
		"WISEAGENT_AUTH_URL=" + t.wiseServer.URL, "WISEAGENT_API_URL=" + t.wiseServer.URL, "WISEAGENT_LAUNCH_SECRET=" + launchSecret,
		"WISEAGENT_CLIENT_ID=" + clientID, "WISEAGENT_CLIENT_SECRET=" + clientSecret,
		"MOJO_AUTH_URL=" + t.mojoServer.URL, "MOJO_CLIENT_ID=" + clientID, "MOJO_CLIENT_SECRET=" + clientSecret,
	})
	if err != nil {
		return nil, err
	}
	t.browser = newBrowser(t.service.url)
	return t, nil
}

// connect opens the database and stores the connection that both sign-ins would make.
func (p *partners) connect(ctx context.Context, database, keyset string) (*store.Store, store.Connection, error) {
	vault, err := store.NewVault(keyset)
	if err != nil {
		return nil, store.Connection{}, err
	}
	db, err := store.Open(ctx, database, vault)
	if err != nil {
		return nil, store.Connection{}, err
	}
	grant, err := p.signIn(ctx)
	if err != nil {
		return nil, store.Connection{}, errors.Join(err, db.Close())
	}
	conn, err := db.Connect(ctx, store.Connection{
		Email: customer, Name: "Kate Moreno", Scopes: wiseagent.Scopes,
		MojoAccountID: grant.Account.ID, MojoAccountName: grant.Account.Name, MojoAccountURL: grant.AccountURL,
		MojoLogin: "dana", MojoPermission: grant.Agent.Permission, CreatedAt: time.Now(),
	}, grant.Token, p.wiseToken(), "")
	if err != nil {
		return nil, conn, errors.Join(err, db.Close())
	}
	return db, conn, nil
}

// prefetched waits until the contacts and the notes of the launch are fetched.
func (p *partners) prefetched(ctx context.Context, notes int) error {
	for range 3000 {
		if p.wise.Requests()["getContactNotes"] >= notes && p.wiseCalls.idle() {
			return sleep(ctx, 50*time.Millisecond) // the last answer is being read
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("contacts are not prefetched: %v", p.wise.Requests())
}

// arrived checks that the group holds so many contacts.
func (p *partners) arrived(want int) error {
	if got := len(p.mojo.Contacts(account, p.group)); got != want {
		return fmt.Errorf("the group holds %d contacts, want %d", got, want)
	}
	return nil
}

func (t *town) close() error {
	var err error
	if t.service != nil {
		http.DefaultClient.CloseIdleConnections()
		t.browser.http.CloseIdleConnections()
		err = t.service.stop()
	}
	t.partners.close()
	return errors.Join(err, os.RemoveAll(t.dir))
}
