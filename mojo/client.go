package mojo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	timeout   = 30 * time.Second // of one call, from dialing to the last byte
	maxAnswer = 32 << 20         // bytes read of one answer
	maxWait   = 24 * time.Hour   // longest Retry-After believed
)

// Client knows Mojo's log-in host and who we are there. Its zero value is usable
// once the first three fields are set; it must not be copied after first use and
// is safe for concurrent use. One Client keeps one pool of connections.
type Client struct {
	AuthURL      string // origin of the token endpoint, without a path
	ClientID     string
	ClientSecret string `json:"-"`

	// HTTP makes the calls; nil means one with a timeout of 30 s. Whatever is
	// set here, redirects are not followed.
	HTTP *http.Client

	// Measure is told of each call that was made: what was asked for, how long
	// that took and what came of it. Nil tells nobody.
	Measure func(op string, took time.Duration, err error)

	once sync.Once
	http *http.Client
}

// String names the client without its secret.
func (c *Client) String() string { return "mojo client for " + c.AuthURL }

// client returns what all calls go through, built on first use.
func (c *Client) client() *http.Client {
	c.once.Do(func() {
		h := http.Client{Timeout: timeout, Transport: newTransport()}
		if c.HTTP != nil {
			h = *c.HTTP
		}
		h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.http = &h
	})
	return c.http
}

// newTransport keeps enough idle connections for one account's parallel calls.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}
}

// measured tells Measure of a call, begun at some time, that ended with err.
func (c *Client) measured(op string, begun time.Time, err *error) {
	if c.Measure != nil {
		c.Measure(op, time.Since(begun), *err)
	}
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// html reports whether the answer is a page for people instead of JSON.
func (a answer) html() bool {
	return strings.Contains(a.header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
}

// send makes one request and tells "never sent" from "no clear answer". It
// returns nil for 2xx; for a RefusedError the answer comes along, so that
// the caller can look for the refusals it knows.
func (c *Client) send(ctx context.Context, op, method, target string, header http.Header, body []byte) (answer, error) {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// net/http tries again by itself only when nothing was written or the method is safe.
		GetConn: func(string) { sent.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return answer{}, &UnreachableError{op, withoutURL(err)}
	}
	req.Header = header
	resp, err := c.client().Do(req)
	if err != nil && !sent.Load() {
		return answer{}, &UnreachableError{op, withoutURL(err)}
	}
	if err != nil {
		return answer{}, &DoubtError{op, withoutURL(err)}
	}
	defer resp.Body.Close()
	got := answer{status: resp.StatusCode, header: resp.Header}
	got.body, err = readAll(resp.Body)
	return got, judge(op, got, err)
}

// readAll reads to the end, so that the connection can be used again.
func readAll(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	}
	return body, err
}

// judge gives the meaning of what every endpoint answers alike.
func judge(op string, a answer, readErr error) error {
	wait, told := retryAfter(a.header.Get("Retry-After"), time.Now())
	switch {
	case a.status == http.StatusTooManyRequests,
		a.status == http.StatusServiceUnavailable && told:
		return &BackOffError{op, a.status, wait}
	case readErr != nil:
		return &DoubtError{op, readErr}
	case a.status >= 500, a.status < 200, a.status == http.StatusRequestTimeout:
		return &DoubtError{op, fmt.Errorf("HTTP %d", a.status)}
	case a.status >= 300 && a.status < 400:
		return &DoubtError{op, fmt.Errorf("HTTP %d, a redirect", a.status)}
	case a.status == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%s: %w", op, ErrTooLarge)
	case a.status >= 400:
		return &RefusedError{op, a.status, refusalText(a)}
	case a.html():
		return &DoubtError{op, errors.New("an HTML page instead of JSON")}
	}
	return nil
}

// retryAfter reads the Retry-After header, seconds or an HTTP date, as a time
// from now between 0 and a day. It reports false when there is none.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	wait := maxWait
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		if n < uint64(maxWait/time.Second) {
			wait = time.Duration(n) * time.Second
		}
		return wait, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxWait), true
}

// withoutURL takes the address out of net/http's errors: it may name a contact.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
