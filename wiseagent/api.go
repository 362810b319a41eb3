package wiseagent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// API is the data API used with one customer's access token. It is made by
// Client.With, costs nothing and is safe for concurrent use.
//
// Each of its methods returns ErrToken when Wise Agent refuses the access token,
// and ErrScope when it says that the customer did not allow the request's scope.
type API struct {
	client *Client
	bearer string
}

// With addresses the account that accessToken was given for.
func (c *Client) With(accessToken string) *API {
	return &API{client: c, bearer: "Bearer " + accessToken}
}

// String names the API's host without the token.
func (a *API) String() string { return "wiseagent account at " + a.client.APIURL }

// get makes one read request (Wise Agent API, section 2) and returns the objects
// of the answer, none of which holds an error.
func (a *API) get(ctx context.Context, op, requestType string, params url.Values) ([]json.RawMessage, error) {
	got, err := a.ask(ctx, op, http.MethodGet, requestType, params, nil)
	if err != nil {
		return nil, err
	}
	list, err := items(got.body)
	if err != nil {
		return nil, &DoubtError{op, err}
	}
	for _, item := range list {
		if no := complaint(item); no != nil {
			return nil, refused(op, got, no)
		}
	}
	return list, nil
}

// ask makes one request, requestType and query in the address, form in the body,
// and returns an answer that is neither a page nor an error status.
func (a *API) ask(ctx context.Context, op, method, requestType string, query, form url.Values) (answer, error) {
	params := url.Values{"requestType": {requestType}}
	for name, values := range query {
		params[name] = values
	}
	target := strings.TrimRight(a.client.APIURL, "/") + "/http/webconnect.asp?" + params.Encode()
	header := http.Header{
		"Authorization": {a.bearer},
		"Accept":        {"application/json"},
		"Content-Type":  {"application/x-www-form-urlencoded"},
	}
	got, err := a.client.send(ctx, op, method, target, header, []byte(form.Encode()))
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return got, refused(op, got, complaint(got.body))
	}
	if err != nil {
		return got, err
	}
	if denied(got.body) {
		return got, fmt.Errorf("%s: %w", op, ErrToken)
	}
	return got, nil
}

// refused gives a no its meaning: the token, the scope, or the request itself.
func refused(op string, a answer, no *refusal) error {
	if no == nil {
		no = &refusal{"", refusalText(a)}
	}
	switch {
	case a.status == http.StatusForbidden && a.html():
		return &DoubtError{op, errors.New("HTTP 403 with an HTML page")}
	case strings.Contains(strings.ToLower(no.text), "scope"):
		return fmt.Errorf("%s: %w", op, ErrScope)
	case a.status == http.StatusUnauthorized,
		no.code == "invalid_grant", no.code == "invalid_token", no.code == "invalid_client",
		strings.EqualFold(strings.TrimRight(no.text, "."), "permission denied"):
		return fmt.Errorf("%s: %w", op, ErrToken)
	}
	return &RefusedError{Op: op, Status: a.status, Text: no.text, Cause: cause(no.text)}
}

// gone tells how Wise Agent calls what it doesn't have. Its words are not
// published (section 9); these are what its other messages suggest.
var gone = regexp.MustCompile(`(?i)\b(?:invalid|unknown|not found|no such|does not exist|doesn't exist)\b`)

// cause finds the refusals that callers act on.
func cause(text string) error {
	lower := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	switch {
	case !gone.MatchString(text):
	case strings.Contains(lower, "clientid"):
		return ErrUnknownContact
	case strings.Contains(lower, "callid"):
		return ErrUnknownCall
	case strings.Contains(lower, "noteid"):
		return ErrUnknownNote
	}
	return nil
}

// refusalText returns what Wise Agent says about an error answer.
func refusalText(a answer) string {
	if a.html() {
		return ""
	}
	if no := complaint(a.body); no != nil {
		return no.text
	}
	if json.Valid(a.body) {
		return cut(words(a.body))
	}
	return cut(string(a.body))
}

// denied knows the answer to a request without a usable credential (Wise Agent
// API, section 1.6), whose HTTP status nobody wrote down.
func denied(body []byte) bool {
	return strings.EqualFold(string(bytes.Trim(body, "\" .\r\n\t")), "permission denied")
}

// User is the person who consented.
type User struct{ First, Last, Email string }

// User tells whose token it is (getUser, section 3.1; scope profile). Email is
// never empty: it is what a Wise Agent account is known by.
func (a *API) User(ctx context.Context) (_ User, err error) {
	const op = "get user"
	defer a.client.measured(op, time.Now(), &err)
	list, err := a.get(ctx, op, "getUser", nil)
	if err != nil {
		return User{}, err
	}
	if len(list) == 0 {
		return User{}, &DoubtError{op, errors.New("an answer without a user")}
	}
	var w struct{ First, Last, Email text }
	if err := decode(list[0], &w); err != nil {
		return User{}, &DoubtError{op, err}
	}
	email := strings.TrimSpace(string(w.Email))
	if email == "" {
		return User{}, &DoubtError{op, errors.New("a user without an e-mail")}
	}
	return User{string(w.First), string(w.Last), email}, nil
}

// ContactsCount tells how many contacts the account has (getContactsCount,
// section 3.2; scope contacts).
func (a *API) ContactsCount(ctx context.Context) (_ int, err error) {
	const op = "count contacts"
	defer a.client.measured(op, time.Now(), &err)
	list, err := a.get(ctx, op, "getContactsCount", nil)
	if err != nil {
		return 0, err
	}
	for _, item := range list {
		var w struct{ Count text }
		if err := decode(item, &w); err != nil {
			return 0, &DoubtError{op, err}
		}
		if n, err := strconv.ParseUint(string(w.Count), 10, 31); err == nil {
			return int(n), nil
		}
	}
	return 0, &DoubtError{op, errors.New("an answer without a count")}
}
