package mojo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// API is one account's host, used with one access token. It is made by
// Client.At, costs nothing and is safe for concurrent use.
//
// Each of its methods returns ErrToken when Mojo refuses the access token.
type API struct {
	client  *Client
	account string // origin
	bearer  string
}

// At addresses the account at accountURL (Grant.AccountURL) with an access token.
func (c *Client) At(accountURL, accessToken string) *API {
	return &API{client: c, account: strings.TrimRight(accountURL, "/"), bearer: "Bearer " + accessToken}
}

// String names the account's host without the token.
func (a *API) String() string { return "mojo account at " + a.account }

// call makes one JSON call. For a RefusedError the answer comes along.
func (a *API) call(ctx context.Context, op, method, target string, in any) (answer, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return answer{}, fmt.Errorf("%s: %w", op, err)
		}
	}
	header := http.Header{
		"Authorization": {a.bearer},
		"Content-Type":  {"application/json"},
		"Accept":        {"application/json"},
	}
	got, err := a.client.send(ctx, op, method, target, header, body)
	// Part A1: a bad token gives 403, whatever the body looks like.
	if _, ok := errors.AsType[*RefusedError](err); ok && (got.status == http.StatusForbidden || got.status == http.StatusUnauthorized) {
		return got, fmt.Errorf("%s: %w", op, ErrToken)
	}
	return got, err
}

// Group is a Mojo group, a list to dial.
type Group struct {
	ID       int64
	Name     string
	Contacts int // how many are in it
	IsLead   bool
}

// wireGroup is a group on the wire (Mojo's API, part B2).
type wireGroup struct {
	ID       number `json:"group_id"`
	Name     label  `json:"name"`
	Contacts number `json:"contacts"`
	IsLead   bool   `json:"is_lead"`
}

func (w wireGroup) group() Group {
	return Group{int64(w.ID), string(w.Name), int(w.Contacts), w.IsLead}
}

// maxPages ends a listing that goes round in circles.
const maxPages = 1000

// Groups lists all groups of the account (Mojo's API, part B2), page after page
// if Mojo gives pages. A next page on another host is not fetched.
func (a *API) Groups(ctx context.Context) (_ []Group, err error) {
	const op = "list groups"
	defer a.client.measured(op, time.Now(), &err)
	var groups []Group
	next := a.account + "/api/groups/"
	for range maxPages {
		got, err := a.call(ctx, op, http.MethodGet, next, nil)
		if err != nil {
			return nil, err
		}
		page, err := readGroups(op, got)
		if err != nil {
			return nil, err
		}
		for _, w := range page.Results {
			groups = append(groups, w.group())
		}
		if page.Next == "" {
			return groups, nil
		}
		if next, err = nextPage(next, page.Next); err != nil {
			return nil, &DoubtError{op, err}
		}
	}
	return nil, &DoubtError{op, fmt.Errorf("more than %d pages", maxPages)}
}

type groupPage struct {
	Next    string      `json:"next"`
	Results []wireGroup `json:"results"`
}

// readGroups accepts an array as well as a page.
func readGroups(op string, a answer) (groupPage, error) {
	var page groupPage
	if err := decode(op, a.body, &page.Results); err != nil {
		if text := complaint(a.body); text != "" {
			return page, &RefusedError{op, a.status, text}
		}
		if err := decode(op, a.body, &page); err != nil {
			return page, err
		}
	}
	if page.Results == nil {
		return page, &DoubtError{op, errors.New("an answer without groups")}
	}
	for _, g := range page.Results {
		if g.ID <= 0 {
			return page, &DoubtError{op, errors.New("a group without an id")}
		}
	}
	return page, nil
}

// nextPage resolves a link against the page it stood on. The scheme stays ours:
// behind a proxy Django writes http.
func nextPage(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", errors.New("a page without an address")
	}
	next, err := base.Parse(link)
	if err != nil || next.Host != base.Host {
		return "", errors.New("a next page on another host")
	}
	next.Scheme = base.Scheme
	return next.String(), nil
}

// CreateGroup makes a group (Mojo's API, part B2).
//
// Errors: ErrGroupTaken; after a DoubtError look for the name in Groups.
func (a *API) CreateGroup(ctx context.Context, name string) (_ Group, err error) {
	const op = "create group"
	defer a.client.measured(op, time.Now(), &err)
	got, err := a.call(ctx, op, http.MethodPost, a.account+"/api/groups/", map[string]string{"name": name})
	if got.status == http.StatusBadRequest && nameTaken(got.body) {
		return Group{}, fmt.Errorf("%s: %w", op, ErrGroupTaken)
	}
	if err != nil {
		return Group{}, err
	}
	var w wireGroup
	if err := decode(op, got.body, &w); err != nil {
		return Group{}, err
	}
	if text := complaint(got.body); text != "" {
		return Group{}, &RefusedError{op, got.status, text}
	}
	if w.ID <= 0 {
		return Group{}, &DoubtError{op, errors.New("a group without an id")}
	}
	if w.Name == "" {
		w.Name = label(name)
	}
	return w.group(), nil
}

// nameTaken knows a taken name from one that is refused for another reason.
func nameTaken(body []byte) bool {
	var w struct {
		Name json.RawMessage `json:"name"`
	}
	return json.Unmarshal(body, &w) == nil &&
		strings.Contains(strings.ToLower(strings.Join(texts("", raw(w.Name)), " ")), "already exists")
}
