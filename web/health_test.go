package web

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"addtomojo/store/storetest"
)

// A database that hangs doesn't answer either: who asks for our health gives up after 5 s, and would not know why.
func TestHealthIsToldOfADatabaseThatHangs(t *testing.T) {
	through, hang := frozen(t, storetest.URL(t, storetest.Postgres))
	h := newHouse(t, func(s *Server) { s.Store = storetest.At(t, through) })
	b := h.browser()
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Fatalf("before: %d, want 200", a.status)
	}
	hang()
	begun := time.Now()
	a := b.get("/healthz")
	if took := time.Since(begun); a.status != http.StatusServiceUnavailable || took > 4*time.Second {
		t.Errorf("got %d after %v, want 503 within 3 s", a.status, took)
	}
	if log := h.log.String(); !strings.Contains(log, "health check failed") {
		t.Errorf("log: got %s, want the health check", log)
	}
}

// frozen stands before a PostgreSQL server and passes on what goes either way, until hang is called: then nothing arrives any more.
func frozen(t *testing.T, server string) (through string, hang func()) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	network, address, q := "tcp", u.Host, u.Query()
	if host := q.Get("host"); strings.HasPrefix(host, "/") {
		network, address = "unix", host+"/.s.PGSQL.5432"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hung, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(ended); listener.Close() })
	pass := func(to io.WriteCloser, from io.ReadCloser) {
		defer to.Close()
		defer from.Close()
		b := make([]byte, 1<<14)
		for {
			n, err := from.Read(b)
			if err != nil {
				return
			}
			select {
			case <-hung:
				<-ended
				return
			default:
			}
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			outside, err := listener.Accept()
			if err != nil {
				return
			}
			inside, err := net.Dial(network, address)
			if err != nil {
				outside.Close()
				return
			}
			go pass(inside, outside)
			go pass(outside, inside)
		}
	}()
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = listener.Addr().String(), q.Encode()
	return u.String(), func() { close(hung) }
}
