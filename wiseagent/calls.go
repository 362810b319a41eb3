package wiseagent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// CallDate is the layout of a Call List date: minutes on Wise Agent's wall clock.
const CallDate = "2006-01-02 15:04"

// ReasonLength is how many characters (runes) the reason of a Call List entry may have.
const ReasonLength = 100

// callPages ends the reading of a Call List that has no end: 20,000 entries of one contact.
const callPages = 200

// Call is an entry of the Call List (section 5).
type Call struct {
	ID         string
	ClientID   string // "V" and digits for a vendor
	Type       string // "Appointment" and the like; free text
	Reason     string
	Next       string // as CallDate; "" when there is none
	Important  bool
	Completed  bool
	TeamID     int    // 0 when nobody's
	AssignedTo string // the team member's name
}

// NewCall is what a Call List entry is to be.
type NewCall struct {
	ClientID    string
	Type        string
	Reason      string    // at most ReasonLength characters
	Next        string    // as CallDate
	Important   bool      //
	TeamID      int       // the team member whose call it is; 0 names nobody
	Completed   bool      //
	CompletedAt time.Time // zero: Wise Agent's own idea of now; counts for UpdateCall
}

// Same tells whether an entry looks like what n would have made: client, type, date
// and reason. It is how an entry is found again whose making ended in doubt.
func (n NewCall) Same(c Call) bool {
	return strings.EqualFold(c.ClientID, n.ClientID) && c.Next == n.Next &&
		strings.EqualFold(folded(c.Type), folded(n.Type)) && folded(c.Reason) == folded(n.Reason)
}

// folded is a text without the blanks that a web form may change.
func folded(s string) string { return strings.Join(strings.Fields(s), " ") }

// Calls reads all Call List entries of a contact, the oldest first (GET calls, section 3.5;
// scope contacts). It makes one request per 100 entries.
func (a *API) Calls(ctx context.Context, clientID string) (_ []Call, err error) {
	const op, size = "list calls", 100
	defer a.client.measured(op, time.Now(), &err)
	var all []Call
	seen := map[string]bool{}
	for page := 1; page <= callPages; page++ {
		params := paging(page, size)
		params.Set("clientId", clientID)
		list, err := a.get(ctx, op, "calls", params)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, item := range list {
			c, err := a.client.readCall(item)
			if err != nil {
				return nil, &DoubtError{op, err}
			}
			if !seen[c.ID] {
				seen[c.ID] = true
				all = append(all, c)
			}
		}
		if len(list) < size || len(all) == before { // the second: the answer knows no pages
			break
		}
	}
	return all, nil
}

func (c *Client) readCall(item json.RawMessage) (Call, error) {
	var w struct {
		CallID          text `json:"CallId"`
		ClientID        text `json:"ClientId"`
		CallType        text
		Reason          text
		NextContactDate text
		FlagImportant   text
		Completed       text
		InsideTeamID    text `json:"InsideTeamId"`
		AssignedTo      text
	}
	if err := decode(item, &w); err != nil {
		return Call{}, err
	}
	if !validID(string(w.CallID)) {
		return Call{}, errors.New("a call without an id")
	}
	call := Call{
		ID:         string(w.CallID),
		ClientID:   string(w.ClientID),
		Type:       string(w.CallType),
		Reason:     string(w.Reason),
		Important:  yes(w.FlagImportant),
		Completed:  yes(w.Completed),
		AssignedTo: string(w.AssignedTo),
	}
	call.TeamID, _ = strconv.Atoi(string(w.InsideTeamID))
	if next := date(string(w.NextContactDate), time.UTC); !next.IsZero() { // a wall clock: in UTC none of its hours is missing
		call.Next = next.Format(CallDate)
	}
	return call, nil
}

// AddCall puts an entry on the Call List and returns its CallId (POST calls, section
// 3.5; scope contacts). Doing it twice makes two: after a DoubtError look with Calls and Same.
//
// Errors: ErrUnknownContact where Wise Agent says so, else RefusedError.
func (a *API) AddCall(ctx context.Context, n NewCall) (_ string, err error) {
	const op = "add call"
	defer a.client.measured(op, time.Now(), &err)
	w, err := a.write(ctx, op, http.MethodPost, "calls", n.params())
	if err != nil {
		return "", err
	}
	if !validID(string(w.ID)) {
		return "", &DoubtError{op, errors.New("an answer without the call's id")}
	}
	return string(w.ID), nil
}

// UpdateCall makes an entry what n says, all of it (PUT calls, section 3.5; scope
// contacts). Doing it twice does no harm.
//
// Errors: ErrUnknownCall.
func (a *API) UpdateCall(ctx context.Context, callID string, n NewCall) (err error) {
	const op = "update call"
	defer a.client.measured(op, time.Now(), &err)
	params := n.params()
	params.Set("CallId", callID)
	if n.Completed && !n.CompletedAt.IsZero() {
		params.Set("DateCompleted", n.CompletedAt.UTC().Format(CallDate))
	}
	w, err := a.write(ctx, op, http.MethodPut, "calls", params)
	switch {
	case err != nil:
		return err
	case w.ID != "" && string(w.ID) != callID:
		return &DoubtError{op, errors.New("an answer about another call")}
	case !yes(w.Success):
		return &DoubtError{op, errors.New("an answer without success")}
	}
	return nil
}

// DeleteCall takes an entry off the Call List (DELETE calls, section 3.5; scope contacts).
//
// Errors: ErrUnknownCall, when it is gone already.
func (a *API) DeleteCall(ctx context.Context, callID string) (err error) {
	const op = "delete call"
	defer a.client.measured(op, time.Now(), &err)
	return a.do(ctx, op, http.MethodDelete, "calls", url.Values{"CallId": {callID}})
}

func (n NewCall) params() url.Values {
	params := url.Values{
		"ClientId":        {n.ClientID},
		"CallType":        {n.Type},
		"NextContactDate": {n.Next},
		"Reason":          {n.Reason},
		"FlagImportant":   {strconv.FormatBool(n.Important)},
		"Completed":       {strconv.FormatBool(n.Completed)},
	}
	if n.TeamID > 0 {
		params.Set("InsideTeamId", strconv.Itoa(n.TeamID))
	}
	return params
}
