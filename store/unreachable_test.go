package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/store"
	"addtomojo/store/storetest"
)

// at gives the address of a database with something else in it.
func at(t *testing.T, address string, change func(u *url.URL, q url.Values)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	change(u, q)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestADatabaseThatIsntReachedSaysWhatToCheckInOneLine(t *testing.T) {
	server := storetest.URL(t, storetest.Postgres)
	strange, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer strange.Close()
	go func() {
		for {
			conn, err := strange.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			conn.Close()
		}
	}()
	for _, test := range []struct{ name, url, want string }{
		{"nobody there", "postgres://user:marked@127.0.0.1:1/addtomojo", "nothing is reached at 127.0.0.1:1 (connect: connection refused)"},
		{"no such host", "postgres://user:marked@nowhere.invalid/addtomojo", `there is no host "nowhere.invalid": check its name`},
		{"no such database", at(t, server, func(u *url.URL, _ url.Values) { u.Path = "/nowhere" }), `refuses (database "nowhere" does not exist): create it`},
		{"no such user", at(t, server, func(_ *url.URL, q url.Values) { q.Set("user", "nobody") }), `refuses (role "nobody" does not exist): check the user`},
		{"not PostgreSQL", "postgres://user:marked@" + strange.Addr().String() + "/addtomojo", "check that it is PostgreSQL, and sslmode"},
		{"port out of range", "postgres://user:marked@127.0.0.1:99999/addtomojo", "invalid port: want postgres://"},
		{"port is no number", "postgres://user:marked@127.0.0.1:abc/addtomojo", "can't be read: want postgres://"},
		{"slash in the password", "postgres://user:mar/marked@127.0.0.1/addtomojo", "%2F for /"},
		{"at and percent in the password", "postgres://user:mar@marked%zz@127.0.0.1/addtomojo", "%40 for @"},
		{"sslmode", "postgres://127.0.0.1/addtomojo?user=user&password=marked&sslmode=maybe", "sslmode is invalid"},
		{"not as an address", "host=127.0.0.1 user=user password=marked", "want a path, sqlite:path or postgres://…"},
		{"pragmas behind a plain path", "addtomojo.db?_pragma=max_page_count(2500000)", "pragmas follow sqlite:path"},
		{"without slashes", "postgres:user:marked@127.0.0.1/addtomojo", "want a path, sqlite:path or postgres://…"},
	} {
		_, err := store.Open(t.Context(), test.url, storetest.Vault(t))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "marked") || strings.ContainsAny(err.Error(), "\n\t") {
			t.Errorf("%s: %v; want one line with %q and no password", test.name, err, test.want)
		}
	}
}

func TestPostgresThatHangsIsNotWaitedForWithoutEnd(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // connections stay in its queue
	begun := time.Now()
	_, err = store.Open(t.Context(), "postgres://user@"+silent.Addr().String()+"/addtomojo?sslmode=disable&connect_timeout=1", storetest.Vault(t))
	if !errors.Is(err, store.ErrUnreachable) || !strings.Contains(err.Error(), "doesn't answer in time") || time.Since(begun) > 5*time.Second {
		t.Errorf("after %v: %v; want it to say in a second that nobody answers", time.Since(begun), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = store.Open(ctx, "postgres://user@"+silent.Addr().String()+"/addtomojo?sslmode=disable", storetest.Vault(t))
	if !errors.Is(err, store.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want that it wasn't reached, and that the caller's time was over", err)
	}
}

func TestAUserOfPostgresWhoMayNotMakeTablesIsTold(t *testing.T) {
	server := storetest.URL(t, storetest.Postgres)
	db := storetest.SQL(t, server)
	user := "weak" + strings.ToLower(rand.Text())
	for _, statement := range []string{"drop schema public cascade; create schema public; grant usage on schema public to public", "create role " + user + " login"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { db.ExecContext(context.Background(), "drop role "+user) })
	_, err := store.Open(t.Context(), at(t, server, func(_ *url.URL, q url.Values) { q.Set("user", user) }), storetest.Vault(t))
	if want := `grant create on schema public to "` + user + `"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want it to say which right is missing: %s", err, want)
	}
}
