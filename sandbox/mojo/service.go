package mojo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LinkState is what the service says of a contact, see Mojo's API, part B6.
type LinkState struct {
	Connected  bool // the account is connected to Wise Agent: show the button
	Linked     bool // the contact is in Wise Agent
	ClientID   int64
	URL        string // of the contact in Wise Agent
	LastSynced time.Time
}

// SendResult is what became of a contact that was sent to Wise Agent.
type SendResult struct {
	ContactID int64
	Status    int // 201 created, 200 it was there, 202 it waits, 409 not connected, 422 something is missing
	ClientID  int64
	URL       string
	Error     string // why, for 409 and 422
}

// linkIn, sentIn and problemIn are the service's answers.
type linkIn struct {
	Connected  bool       `json:"connected"`
	Linked     bool       `json:"linked"`
	ClientID   int64      `json:"client_id"`
	URL        string     `json:"url"`
	LastSynced *time.Time `json:"last_synced_at"`
}

type sentIn struct {
	ClientID int64  `json:"client_id"`
	URL      string `json:"url"`
}

type bulkIn struct {
	Results []struct {
		ContactID int64  `json:"contact_id"`
		Status    int    `json:"status"`
		ClientID  int64  `json:"client_id"`
		URL       string `json:"url"`
		Error     string `json:"error"`
	} `json:"results"`
}

type problemIn struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// sendOut is the body of the request of part B6: one contact, or several.
type sendOut struct {
	AccountID string         `json:"account_id"`
	Agent     hookAgent      `json:"agent"`
	Contact   *wholeContact  `json:"contact,omitempty"`
	Contacts  []wholeContact `json:"contacts,omitempty"`
}

// Linked asks the service whether an account is connected and a contact is in
// Wise Agent.
func (s *Server) Linked(ctx context.Context, accountID string, contactID int64) (LinkState, error) {
	path := fmt.Sprintf("%d?account_id=%s", contactID, url.QueryEscape(accountID))
	status, body, err := s.ask(ctx, http.MethodGet, "/"+path, nil)
	if err != nil {
		return LinkState{}, fmt.Errorf("ask for the link: %w", err)
	}
	var in linkIn
	if status != http.StatusOK || json.Unmarshal(body, &in) != nil {
		return LinkState{}, fmt.Errorf("ask for the link: the service answered %d: %s", status, title(body))
	}
	state := LinkState{Connected: in.Connected, Linked: in.Linked, ClientID: in.ClientID, URL: in.URL}
	if in.LastSynced != nil {
		state.LastSynced = *in.LastSynced
	}
	return state, nil
}

// Send asks the service to take a contact over to Wise Agent, as the contact
// form's button does in the name of the account's owner.
func (s *Server) Send(ctx context.Context, accountID string, contactID int64) (SendResult, error) {
	s.mu.Lock()
	a := s.account(accountID)
	c := a.mustContact(contactID).clone()
	s.mu.Unlock()
	return s.sendContact(ctx, session{a, a.owner()}, c)
}

// SendAll does the same for several contacts in one request, at most 500. The
// results are in the order of the contacts; when the account is not connected,
// there is one alone with the status 409.
func (s *Server) SendAll(ctx context.Context, accountID string, contactIDs ...int64) ([]SendResult, error) {
	s.mu.Lock()
	a := s.account(accountID)
	contacts := make([]Contact, len(contactIDs))
	for i, id := range contactIDs {
		contacts[i] = a.mustContact(id).clone()
	}
	s.mu.Unlock()
	return s.sendContacts(ctx, session{a, a.owner()}, contacts)
}

func (s *Server) sendContact(ctx context.Context, who session, c Contact) (SendResult, error) {
	whole := c.whole()
	status, body, err := s.ask(ctx, http.MethodPost, "", sendOut{AccountID: who.account.ID, Agent: who.agent.out(), Contact: &whole})
	if err != nil {
		return SendResult{}, fmt.Errorf("send contact: %w", err)
	}
	result := SendResult{ContactID: c.ContactID, Status: status}
	switch status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted:
		var in sentIn
		if err := json.Unmarshal(body, &in); err != nil {
			return SendResult{}, fmt.Errorf("send contact: read the answer: %w", err)
		}
		result.ClientID, result.URL = in.ClientID, in.URL
	case http.StatusConflict, http.StatusUnprocessableEntity:
		result.Error = title(body)
	default:
		return SendResult{}, fmt.Errorf("send contact: the service answered %d: %s", status, title(body))
	}
	return result, nil
}

func (s *Server) sendContacts(ctx context.Context, who session, contacts []Contact) ([]SendResult, error) {
	out := sendOut{AccountID: who.account.ID, Agent: who.agent.out()}
	for _, c := range contacts {
		out.Contacts = append(out.Contacts, c.whole())
	}
	status, body, err := s.ask(ctx, http.MethodPost, "", out)
	if err != nil {
		return nil, fmt.Errorf("send contacts: %w", err)
	}
	if status == http.StatusConflict {
		return []SendResult{{Status: status, Error: title(body)}}, nil
	}
	var in bulkIn
	if status != http.StatusOK {
		return nil, fmt.Errorf("send contacts: the service answered %d: %s", status, title(body))
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("send contacts: read the answer: %w", err)
	}
	if len(in.Results) != len(contacts) {
		return nil, fmt.Errorf("send contacts: %d results for %d contacts", len(in.Results), len(contacts))
	}
	results := make([]SendResult, len(in.Results))
	for i, r := range in.Results {
		if r.ContactID != contacts[i].ContactID {
			return nil, errors.New("send contacts: the results are in another order")
		}
		results[i] = SendResult(r)
	}
	return results, nil
}

// ask makes one call of part B6 and returns an answer that is JSON.
func (s *Server) ask(ctx context.Context, method, path string, body any) (status int, answer []byte, err error) {
	origin := s.service()
	if origin == "" {
		return 0, nil, errors.New("there is no service to ask")
	}
	req, err := s.question(ctx, method, origin, path, body)
	if err != nil {
		return 0, nil, err
	}
	res, err := s.cfg.HTTP.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return 0, nil, err
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/json" && kind != "application/problem+json" {
		return 0, nil, fmt.Errorf("the service answered %s as %s", strconv.Itoa(res.StatusCode), kind)
	}
	return res.StatusCode, answer, nil
}

// question is the request of one call; a GET has no body.
func (s *Server) question(ctx context.Context, method, origin, path string, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	address := strings.TrimSuffix(origin, "/") + "/api/mojo/v1/contacts" + path
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.cfg.APIToken)
	return req, nil
}

// service is the origin of the service, "" when there is none.
func (s *Server) service() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.serviceURL
}

// title is what a problem says, in one line.
func title(body []byte) string {
	var p problemIn
	if json.Unmarshal(body, &p) != nil || p.Title == "" {
		return "no reason given"
	}
	return strings.TrimSpace(p.Title + " " + p.Detail)
}
