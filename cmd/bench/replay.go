package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// call is one request that the product made.
type call struct {
	method, uri, contentType string
	body                     []byte
}

// recorder stands before a stand-in and remembers what it is asked while it is on.
type recorder struct {
	next http.Handler

	mu      sync.Mutex
	on      bool
	calls   []call
	running int
	peak    int // most requests side by side
}

// ServeHTTP records and passes on.
func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	defer r.enter(call{req.Method, req.RequestURI, req.Header.Get("Content-Type"), body})()
	r.next.ServeHTTP(w, req)
}

// enter counts a request in, and gives what counts it out.
func (r *recorder) enter(c call) (leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.calls = append(r.calls, c)
	}
	r.running++
	r.peak = max(r.peak, r.running)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.running--
	}
}

// start forgets what was recorded and records from now on.
func (r *recorder) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on, r.calls, r.peak = true, nil, r.running
}

// recorded gives the calls with that prefix of their address, in order, and how many ran side by side at most.
func (r *recorder) recorded(prefix string) (calls []call, atOnce int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if len(c.uri) >= len(prefix) && c.uri[:len(prefix)] == prefix {
			calls = append(calls, c)
		}
	}
	return slices.Clip(calls), r.peak
}

// idle tells that no request is being answered.
func (r *recorder) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running == 0
}

// bare is an HTTP client that makes prepared calls and looks at nothing but their status.
type bare struct {
	http   *http.Client
	origin string
	token  string
}

func newBare(origin, token string) *bare {
	return &bare{&http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, origin, token}
}

// replay makes the calls, so many side by side, each as soon as there is room.
func (b *bare) replay(ctx context.Context, calls []call, atOnce int) error {
	if len(calls) == 0 {
		return errors.New("nothing was recorded to replay")
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, c := range calls {
		group.Go(func() error { return b.do(ctx, c) })
	}
	return group.Wait()
}

func (b *bare) do(ctx context.Context, c call) error {
	r, err := http.NewRequestWithContext(ctx, c.method, b.origin+c.uri, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	r.Header.Set("Content-Type", c.contentType)
	answer, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the bare client's %s %s is answered %s", c.method, c.uri, answer.Status)
	}
	return nil
}
