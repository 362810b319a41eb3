package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/web"
	"addtomojo/wiseagent"

	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"
)

// hookTown is the service in this process, with many customers whose contacts are all linked. It has three addresses: at the second
// each hook has a commit of its own, at the third none is stored.
type hookTown struct {
	url, alone, forgets string
	servers             []*httptest.Server
	bridge              *bridge.Bridge
	db                  *store.Store
	conns               []store.Connection
	dir                 string
	drop                func() error // removes the database
	stop                context.CancelFunc
	worked              chan error
}

// newHookTown starts the service on a new database, with Wise Agent at that address. Nothing is delivered before work.
func newHookTown(ctx context.Context, s hookSize, wise string) (_ *hookTown, err error) {
	t := &hookTown{drop: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if t.dir, err = os.MkdirTemp("", "addtomojo-bench-"); err != nil {
		return nil, err
	}
	if err := t.open(ctx, s); err != nil {
		return nil, err
	}
	if err := t.settle(ctx, s); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(t.dir, "log")) // the program writes one too
	if err != nil {
		return nil, err
	}
	if t.bridge, t.url, err = t.serve(log, wise, nil); err != nil {
		return nil, err
	}
	if _, t.alone, err = t.serve(log, wise, t.db.ReceiveEventAlone); err != nil {
		return nil, err
	}
	_, t.forgets, err = t.serve(log, wise, t.forget)
	return t, err
}

// forget is a store that says it has an event and doesn't.
func (t *hookTown) forget(_ context.Context, e store.Event, _ string) (store.Received, error) {
	account, err := strconv.Atoi(e.AccountID)
	if err != nil {
		return store.Received{}, err
	}
	e.ID, e.ConnectionID, e.State = store.NewID(), t.conns[account-1].ID, store.EventWaiting
	return store.Received{New: true, Event: e}, nil
}

func (t *hookTown) open(ctx context.Context, s hookSize) error {
	address := filepath.Join(t.dir, "bench.db")
	if s.Database != "" {
		var err error
		if address, t.drop, err = newDatabase(ctx, s.Database); err != nil {
			return err
		}
	}
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return err
	}
	vault, err := store.NewVault(keyset)
	if err != nil {
		return err
	}
	t.db, err = store.Open(ctx, address, vault)
	return err
}

// newDatabase makes a database on a PostgreSQL server, and gives its URL and what removes it.
func newDatabase(ctx context.Context, server string) (address string, drop func() error, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, errors.New("the database's URL can't be read") // err may quote a password
	}
	name := "bench_" + newID()
	do := func(ctx context.Context, statement string) error {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	if err := do(ctx, "create database "+name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error { return do(context.WithoutCancel(ctx), "drop database "+name+" with (force)") }, nil
}

// checkDurable tells whether a PostgreSQL server waits for its disk.
func checkDurable(ctx context.Context, server string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := conn.QueryRow(ctx, "select current_setting($1)", setting).Scan(&value); err != nil {
			return err
		}
		if value == "off" {
			return fmt.Errorf("the database has %s off: what it says is on disk needn't be", setting)
		}
	}
	return nil
}

// settle connects the customers and links their contacts, as pushes did.
func (t *hookTown) settle(ctx context.Context, s hookSize) error {
	for a := range s.Accounts {
		token := func() *oauth2.Token {
			return &oauth2.Token{AccessToken: newID(), RefreshToken: newID(), TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}
		}
		conn, err := t.db.Connect(ctx, store.Connection{
			Email: fmt.Sprintf("agent%d@example.com", a+1), Name: "Kate Moreno", Scopes: "profile contacts",
			MojoAccountID: fmt.Sprint(a + 1), MojoAccountName: "Ruiz Realty Group", MojoAccountURL: "http://127.0.0.1",
			MojoLogin: "dana", MojoPermission: "owner", CreatedAt: time.Now(),
		}, token(), token(), "")
		if err != nil {
			return err
		}
		var links []store.Link
		for c := range s.Contacts {
			id := clientIDOf(a, c)
			links = append(links, store.Link{ClientID: id, APIContactID: id, MojoContactID: contactID(a, c), CustomWritten: true, CreatedAt: time.Now()})
		}
		if err := t.db.SaveLinks(ctx, conn.ID, links); err != nil {
			return err
		}
		t.conns = append(t.conns, conn)
	}
	return nil
}

// serve starts a server with all that the program has; keep stores what comes, nil as the program does.
func (t *hookTown) serve(log io.Writer, wise string, keep func(context.Context, store.Event, string) (store.Received, error)) (*bridge.Bridge, string, error) {
	logger := slog.New(slog.NewJSONHandler(log, nil))
	b := &bridge.Bridge{
		Store: t.db, BaseURL: "http://127.0.0.1", KeepEvent: keep, Log: logger,
		Wise: &wiseagent.Client{AuthURL: wise, APIURL: wise, ClientID: clientID, ClientSecret: clientSecret},
		Mojo: &mojo.Client{AuthURL: "http://127.0.0.1", ClientID: clientID, ClientSecret: clientSecret},
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	pages := &web.Server{
		Bridge: b, Store: t.db, BaseURL: "http://127.0.0.1", SessionKeys: [][]byte{key}, Log: logger,
		HookSecrets: []string{"whsec_" + base64.StdEncoding.EncodeToString(hookKey)},
	}
	handler, err := pages.Handler()
	if err != nil {
		return nil, "", err
	}
	server := httptest.NewServer(handler)
	t.servers = append(t.servers, server)
	return b, server.URL, nil
}

// work starts the workers that deliver.
func (t *hookTown) work(ctx context.Context) {
	ctx, t.stop = context.WithCancel(ctx)
	t.worked = make(chan error, 1)
	go func() { t.worked <- t.bridge.Run(ctx) }()
}

// allKept checks that every hook is on disk, for a contact that is known.
func (t *hookTown) allKept(ctx context.Context) error {
	sum, err := t.ledger(ctx)
	if err == nil && (sum.Received == 0 || sum.Waiting != sum.Received) {
		err = fmt.Errorf("the ledger is %+v, want all of it waiting", sum)
	}
	return err
}

// allWritten waits until the ledger has everything written.
func (t *hookTown) allWritten(ctx context.Context) error {
	for range 3000 {
		sum, err := t.ledger(ctx)
		switch {
		case err != nil:
			return err
		case sum.NeedsYou+sum.Excluded > 0:
			return fmt.Errorf("the ledger is %+v, want all of it written", sum)
		case sum.Waiting == 0:
			return nil
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("not all is written")
}

func (t *hookTown) ledger(ctx context.Context) (sum store.Ledger, err error) {
	for _, c := range t.conns {
		l, err := t.db.Ledger(ctx, c.ID)
		if err != nil {
			return sum, err
		}
		sum.Received += l.Received
		sum.Waiting += l.Waiting
		sum.Written += l.Written
		sum.NeedsYou += l.NeedsYou
		sum.Excluded += l.Excluded
	}
	return sum, nil
}

func (t *hookTown) close() error {
	for _, s := range t.servers {
		s.CloseClientConnections()
		s.Close()
	}
	var err error
	if t.stop != nil {
		t.stop()
		err = <-t.worked
	}
	if t.db != nil {
		err = errors.Join(err, t.db.Close())
	}
	return errors.Join(err, t.drop(), os.RemoveAll(t.dir))
}

// noteTaker is a Wise Agent that answers addContactNote after a while and does nothing else. It remembers which calls arrived when.
type noteTaker struct {
	wait    time.Duration
	awaited int // calls

	mu      sync.Mutex
	arrived map[string]time.Time // by the call's id
	newest  time.Time
	doubled int
	sample  call
	id      string // of the sample
}

func newNoteTaker(wait time.Duration) *noteTaker {
	return &noteTaker{wait: wait, arrived: make(map[string]time.Time)}
}

// ServeHTTP takes a note.
func (n *noteTaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !strings.Contains(r.URL.RawQuery, "requestType=addContactNote") {
		http.Error(w, "only addContactNote is known", http.StatusBadRequest)
		return
	}
	n.note(call{r.Method, r.RequestURI, r.Header.Get("Content-Type"), body})
	time.Sleep(n.wait)
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `[{"success":"true","data":[{"ClientID":%s,"NoteID":7}]}]`, after(body, "clientids="))
}

func (n *noteTaker) note(c call) {
	id := string(after(c.body, "Mojo+call+%23")) // how the note ends
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, twice := n.arrived[id]; twice {
		n.doubled++
	}
	n.newest = time.Now()
	n.arrived[id] = n.newest
	if n.id == "" {
		n.sample, n.id = c, id
	}
}

// after is what follows the mark in a form, up to the end of the value.
func after(form []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(form, []byte(mark))
	value, _, _ := bytes.Cut(rest, []byte("&"))
	return value
}

// like is a call as the service made it, of another id.
func (n *noteTaker) like(id string) call {
	n.mu.Lock()
	c, old := n.sample, n.id
	n.mu.Unlock()
	c.body = bytes.Replace(c.body, []byte(old), []byte(id), 1)
	return c
}

func (n *noteTaker) at(id string) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.arrived[id]
}

// more waits until so many more calls have arrived, none twice, and tells when the last one was answered.
func (n *noteTaker) more(ctx context.Context, calls int) (last time.Time, err error) {
	n.awaited += calls
	for range 10000 {
		n.mu.Lock()
		arrived, doubled, last := len(n.arrived), n.doubled, n.newest
		n.mu.Unlock()
		switch {
		case doubled > 0:
			return last, fmt.Errorf("%d calls were made twice", doubled)
		case arrived >= n.awaited:
			return last.Add(n.wait), nil
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return last, err
		}
	}
	return last, errors.New("not all hooks are delivered")
}
