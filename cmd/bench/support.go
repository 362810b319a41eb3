package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"addtomojo/bridge"
	"addtomojo/sandbox/people"
	"addtomojo/store"
	"addtomojo/web"
)

// supportSize says how much the row about support's search does.
type supportSize struct {
	Accounts int // connected ones in the database
	Searches int // of a round
}

// fullSupport is what the row is defined with.
var fullSupport = supportSize{Accounts: 100_000, Searches: 300}

// supportScenarios are the jobs of support staff.
func supportScenarios(s supportSize) []scenario {
	office := &supportOffice{size: s}
	return []scenario{{
		rows: []definition{{
			Row: Row{Name: "support_search_p99", Unit: "ms", Aim: 50, Better: lower, Measure: "ms", Limit: fmt.Sprintf(
				"50 ms, and beside it the same two requests without a search in them. %d searches of %d accounts, one after another, from "+
					"the press of the button until the page with what was found is there: two requests, a session and an audit on disk "+
					"(SQLite, synchronous=FULL). Names, e-mails, logins, ids, words that thousands share, and what nobody has.", s.Searches, s.Accounts)},
			value: func(x sample) float64 { return x.product },
		}},
		round: office.round,
		close: office.close,
	}}
}

// supportOffice is the service in this process with many accounts, filled once for all rounds.
type supportOffice struct {
	size  supportSize
	once  sync.Once
	err   error
	dir   string
	db    *store.Store
	front *httptest.Server
	staff *http.Client
	asked []string
}

// round searches, and asks for the page without a search as often.
func (o *supportOffice) round(ctx context.Context, _ string) ([]sample, error) {
	if o.once.Do(func() { o.err = o.open(ctx) }); o.err != nil {
		return nil, o.err
	}
	var searched, plain []time.Duration
	for i := range o.size.Searches {
		took, err := o.search(ctx, o.asked[i%len(o.asked)])
		if err != nil {
			return nil, err
		}
		bare, err := o.search(ctx, "")
		if err != nil {
			return nil, err
		}
		searched, plain = append(searched, took), append(plain, bare)
	}
	return []sample{{product: quantile(searched, 0.99), control: quantile(plain, 0.99)}}, nil
}

// search presses the button and reads the page that comes, and gives how long that took.
func (o *supportOffice) search(ctx context.Context, query string) (time.Duration, error) {
	begin := time.Now()
	form := strings.NewReader(url.Values{"q": {query}}.Encode())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.front.URL+"/support", form)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := o.staff.Do(r) // and follows to the page
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	took := time.Since(begin)
	switch {
	case err != nil:
		return 0, err
	case answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "Find an account"):
		return 0, fmt.Errorf("a search answers %d", answer.StatusCode)
	}
	return took, nil
}

// open fills a database and starts the service on it.
func (o *supportOffice) open(ctx context.Context) (err error) {
	if o.dir, err = os.MkdirTemp("", "addtomojo-bench-"); err != nil {
		return err
	}
	keyset, err := store.GenerateKeyset()
	if err != nil {
		return err
	}
	vault, err := store.NewVault(keyset)
	if err != nil {
		return err
	}
	path := filepath.Join(o.dir, "support.db")
	empty, err := store.Open(ctx, path, vault) // makes the tables
	if err != nil {
		return err
	}
	if err := errors.Join(empty.Close(), o.fill(ctx, path)); err != nil {
		return err
	}
	if o.db, err = store.Open(ctx, path, vault); err != nil { // and the words of what was filled in
		return err
	}
	return o.serve(ctx)
}

// fill writes the accounts in one transaction: to connect each through its pages would take hours.
func (o *supportOffice) fill(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	t, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	insert, err := t.PrepareContext(ctx, `
insert into connections (
    id, email, name, scopes, mojo_account_id, mojo_account_name, mojo_account_url, mojo_agent_id, mojo_agent_name,
    mojo_agent_email, mojo_permission, mojo_login, time_zone, state, since, side, cause, groups_at, lease_owner, lease_until, created_at
)
values (?1, ?2, ?3, 'profile contacts team', ?4, ?5, 'https://mojo.example.com', ?4, ?3, ?2, 'owner', ?6, 'America/Phoenix', 'connected', ?7, '', '', 0, '', 0, ?7)`)
	if err != nil {
		return err
	}
	for i, p := range people.Make(o.size.Accounts, 7) {
		name := strings.TrimSpace(p.First + " " + p.Last + p.Company)
		email := fmt.Sprintf("agent%d.%s@example.com", i, strings.ToLower(strings.ReplaceAll(p.Last, " ", "")))
		account, login := fmt.Sprint(500_000+i), fmt.Sprintf("login%d", i)
		_, err := insert.ExecContext(ctx, store.NewID(), email, name, account, p.City+" Realty "+p.Last, login, time.Now().UnixMilli())
		if err != nil {
			return err
		}
		if i%(o.size.Accounts/20+1) == 0 {
			o.asked = append(o.asked, name, email, account, login, p.Last+" example.com", p.City+" realty", p.First[:min(len(p.First), 1)])
		}
	}
	o.asked = append(o.asked, "example.com", "realty", "nobody@example.net", "K7M4-Q2XD", "agent", "owner nobody")
	return t.Commit()
}

// serve starts the service and signs a staff member in.
func (o *supportOffice) serve(ctx context.Context) error {
	log, err := os.Create(filepath.Join(o.dir, "log"))
	if err != nil {
		return err
	}
	lines := slog.New(slog.NewJSONHandler(log, nil))
	o.front = httptest.NewUnstartedServer(nil)
	base := "http://" + o.front.Listener.Addr().String()
	server := &web.Server{
		Bridge: &bridge.Bridge{Store: o.db, BaseURL: base, Log: lines}, Store: o.db, BaseURL: base,
		SessionKeys: [][]byte{make([]byte, 32)}, Log: lines,
	}
	if o.front.Config.Handler, err = server.Handler(); err != nil {
		return err
	}
	o.front.Start()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	o.staff = &http.Client{Jar: jar}
	link, err := server.NewStaffLink(ctx, "sam.support@example.com", "operator", time.Hour)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, link, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := o.staff.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func (o *supportOffice) close() error {
	if o.front != nil {
		o.front.Close()
	}
	var err error
	if o.db != nil {
		err = o.db.Close()
	}
	return errors.Join(err, os.RemoveAll(o.dir))
}
