package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// browser is the customer's browser at the service: it keeps cookies, and goes where it is sent by itself.
type browser struct {
	http *http.Client
	base string
}

func newBrowser(base string) *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{&http.Client{Jar: jar, CheckRedirect: stay, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}, base}
}

// page is an answer read to its end.
type page struct {
	status   int
	location string
	body     string
}

func (b *browser) do(ctx context.Context, method, path string, form url.Values) (page, error) {
	r, err := b.request(ctx, method, path, form)
	if err != nil {
		return page{}, err
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return page{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return page{answer.StatusCode, answer.Header.Get("Location"), string(body)}, err
}

func (b *browser) request(ctx context.Context, method, path string, form url.Values) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r, nil
}

// redirected makes a request that is answered by going elsewhere, and gives where.
func (b *browser) redirected(ctx context.Context, method, path string, form url.Values) (string, error) {
	p, err := b.do(ctx, method, path, form)
	if err != nil {
		return "", err
	}
	if p.status != http.StatusSeeOther || p.location == "" || p.location == "/problem" {
		return "", fmt.Errorf("%s %s is answered %d to %q, want a redirect", method, path, p.status, p.location)
	}
	return p.location, nil
}

// launch opens the popup and gives the launch's path.
func (b *browser) launch(ctx context.Context, signed url.Values) (string, error) {
	return b.redirected(ctx, http.MethodPost, "/launch", signed)
}

// press presses the button of the group page and gives where the new tab goes.
func (b *browser) press(ctx context.Context, launch string, group int64) (string, error) {
	form := url.Values{"push": {uuid.Must(uuid.NewRandomFromReader(rand.Reader)).String()}, "group": {strconv.FormatInt(group, 10)}}
	return b.redirected(ctx, http.MethodPost, launch+"/push", form)
}

// land stays on the push's page until it leads to Mojo, as the page's script does, and gives the powerdialer's address.
func (b *browser) land(ctx context.Context, push string) (string, error) {
	first, err := b.do(ctx, http.MethodGet, push, nil)
	if err != nil {
		return "", err
	}
	if first.status != http.StatusOK {
		return "", fmt.Errorf("the push's page is answered %d", first.status)
	}
	own, query, _ := strings.Cut(push, "?")
	if !leads(first.body) {
		if err := b.watch(ctx, own+"/events?"+query); err != nil {
			return "", err
		}
	}
	return b.redirected(ctx, http.MethodGet, own+"/land", nil)
}

// leads tells whether a part of a page sends its tab to Mojo.
func leads(part string) bool { return strings.Contains(part, "data-landing=") }

// watch reads the live events until one leads to Mojo.
func (b *browser) watch(ctx context.Context, path string) error {
	r, err := b.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	answer, err := b.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if leads(lines.Text()) {
			return nil
		}
	}
	return errors.Join(errors.New("the live page ended and did not lead to Mojo"), lines.Err())
}
