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

// MediaType says what kind of number or address a Media is.
type MediaType int

// The kinds of media (Mojo's API, part A2).
const (
	MediaWork   MediaType = 1
	MediaMobile MediaType = 2
	MediaHome   MediaType = 3
	MediaEmail  MediaType = 4
	MediaOther  MediaType = 5
)

// Media is a phone number or an e-mail address of a contact. Phones are bare
// digits without country code.
type Media struct {
	Type  MediaType
	Value string
}

// Contact is a contact as it is sent to Mojo and read back (Mojo's API, part A2).
// Empty fields are left out when sent.
type Contact struct {
	APIContactID string // the CRM's id, unique in the Mojo account
	ContactID    int64  // Mojo's own id; only when read
	FullName     string
	Address      string
	City         string
	State        string
	Zip          string
	GroupIDs     []int64 // when sent: one, the same for all contacts of a request
	Notes        []string
	Media        []Media
}

// BulkResult says what became of the contacts of one bulk request. Every
// contact sent is in at least one of the lists, and no other is.
type BulkResult struct {
	Created        []Created // by BulkUpdate: the updated ones
	Duplicated     []string  // api_contact_ids that exist already; they did not get the group
	NotFound       []string  // BulkUpdate: api_contact_ids that Mojo doesn't have
	AlreadyInGroup []string  // BulkUpdate: api_contact_ids that were in the group before; nil where the host doesn't tell
}

// Created is a contact that a bulk request made or changed.
type Created struct {
	APIContactID string
	ContactID    int64 // Mojo's own id
}

// BulkCreate makes contacts in one group (Mojo's API, part A2). Contacts that exist
// already are no error but listed as Duplicated. One bulk create runs
// at a time per account.
//
// Errors: ErrBusy, ErrMixedGroups, ErrTooLarge, ErrIncomplete. With a RefusedError or
// DoubtError the result holds what the answer accounts for nevertheless.
func (a *API) BulkCreate(ctx context.Context, contacts []Contact) (BulkResult, error) {
	return a.bulk(ctx, "create contacts", "/api/contacts/bulk_create/", contacts)
}

// BulkUpdate changes contacts found by APIContactID (Mojo's API, part B3): adds them
// to the group, adds phones, e-mails and notes that are new, replaces name and address.
//
// Errors: ErrNotAvailable where the host has no such endpoint, else as BulkCreate.
func (a *API) BulkUpdate(ctx context.Context, contacts []Contact) (BulkResult, error) {
	const op = "update contacts"
	res, err := a.bulk(ctx, op, "/api/contacts/bulk_update/", contacts)
	if refused, ok := errors.AsType[*RefusedError](err); ok && refused.Status == http.StatusNotFound {
		return BulkResult{}, fmt.Errorf("%s: %w", op, ErrNotAvailable)
	}
	return res, err
}

func (a *API) bulk(ctx context.Context, op, path string, contacts []Contact) (_ BulkResult, err error) {
	if len(contacts) == 0 {
		return BulkResult{}, nil
	}
	defer a.client.measured(op, time.Now(), &err)
	got, err := a.call(ctx, op, http.MethodPost, a.account+path, wireContacts(contacts))
	if err != nil {
		return BulkResult{}, err
	}
	var w envelope
	if err := decode(op, got.body, &w); err != nil {
		return BulkResult{}, err
	}
	return w.result(op, got, contacts)
}

// envelope is the answer to a bulk request (Mojo's API, parts A2 and B3).
type envelope struct {
	Duplicated []label         `json:"duplicated_api_contact_id"`
	NotFound   []label         `json:"not_found_api_contact_id"`
	Already    []label         `json:"already_in_group"`
	Errors     json.RawMessage `json:"errors"`
	Result     []struct {
		APIContactID label  `json:"api_contact_id"`
		ContactID    number `json:"contact_id"`
	} `json:"result"`
}

const duplicates = "Duplicated 'api_contact_id':"

// result reads success from the body: errors that we know get their names, every
// contact sent has to be accounted for, and strangers' ids are dropped.
func (w envelope) result(op string, got answer, sent []Contact) (BulkResult, error) {
	open := make(map[string]bool, len(sent)) // sent → not yet accounted for
	for _, c := range sent {
		open[c.APIContactID] = true
	}
	known := func(ids []label) (out []string) {
		for _, id := range ids {
			if _, ok := open[string(id)]; ok {
				open[string(id)] = false
				out = append(out, string(id))
			}
		}
		return out
	}
	doubles, err := w.refusals(op, got)
	res := BulkResult{Duplicated: known(doubles), NotFound: known(w.NotFound), AlreadyInGroup: known(w.Already)}
	if w.Already != nil && res.AlreadyInGroup == nil {
		res.AlreadyInGroup = []string{}
	}
	for _, r := range w.Result {
		if len(known([]label{r.APIContactID})) == 1 {
			res.Created = append(res.Created, Created{string(r.APIContactID), int64(r.ContactID)})
		}
	}
	if err != nil {
		return res, err
	}
	missing := 0
	for _, still := range open {
		if still {
			missing++
		}
	}
	if missing > 0 {
		return res, &DoubtError{op, fmt.Errorf("%w: %d of %d", ErrIncomplete, missing, len(sent))}
	}
	return res, nil
}

// refusals sorts the errors of an envelope: duplicates are no error, the rest is.
func (w envelope) refusals(op string, got answer) (doubles []label, err error) {
	doubles = w.Duplicated
	for _, text := range texts("", raw(w.Errors)) {
		list, isDoubles := strings.CutPrefix(text, duplicates)
		switch {
		case isDoubles && len(doubles) == 0:
			for id := range strings.SplitSeq(list, ",") {
				doubles = append(doubles, label(strings.TrimSpace(id)))
			}
		case isDoubles:
		case strings.HasPrefix(text, "Previous request was not finished"):
			return doubles, fmt.Errorf("%s: %w", op, ErrBusy)
		case strings.HasPrefix(text, "All contacts should have the same group_id"):
			return doubles, fmt.Errorf("%s: %w", op, ErrMixedGroups)
		default:
			return doubles, &RefusedError{op, got.status, complaint(got.body)}
		}
	}
	if text := complaint(got.body); text != "" && len(w.Errors) == 0 {
		return doubles, &RefusedError{op, got.status, text}
	}
	return doubles, nil
}

// AddNote adds a note to a contact (Mojo's API, part A3). Mojo promises no more
// than some JSON object for success.
//
// Errors: ErrUnknownContact.
func (a *API) AddNote(ctx context.Context, apiContactID, text string) (err error) {
	const op = "add note"
	defer a.client.measured(op, time.Now(), &err)
	got, err := a.call(ctx, op, http.MethodPost, a.account+"/api/notes/", wireNoteFor{apiContactID, text, 1})
	if got.status < 500 && strings.Contains(complaint(got.body), "Invalid api_contact_id") {
		return fmt.Errorf("%s: %w", op, ErrUnknownContact)
	}
	if err != nil {
		return err
	}
	return object(op, got)
}

// Contact reads a contact (Mojo's API, part B3).
//
// Errors: ErrUnknownContact.
func (a *API) Contact(ctx context.Context, apiContactID string) (_ Contact, err error) {
	const op = "get contact"
	defer a.client.measured(op, time.Now(), &err)
	got, err := a.call(ctx, op, http.MethodGet, a.account+"/api/contacts/"+url.PathEscape(apiContactID)+"/", nil)
	if got.status == http.StatusNotFound {
		return Contact{}, fmt.Errorf("%s: %w", op, ErrUnknownContact)
	}
	if err != nil {
		return Contact{}, err
	}
	if text := complaint(got.body); text != "" {
		return Contact{}, &RefusedError{op, got.status, text}
	}
	var w wireContact
	if err := decode(op, got.body, &w); err != nil {
		return Contact{}, err
	}
	if string(w.APIContactID) != apiContactID {
		return Contact{}, &DoubtError{op, errors.New("an answer about another contact")}
	}
	return w.contact(), nil
}

// RemoveFromGroup takes contacts out of a group and leaves them in Mojo (Mojo's
// API, part B3). Doing it twice does no harm.
func (a *API) RemoveFromGroup(ctx context.Context, groupID int64, apiContactIDs []string) (err error) {
	const op = "remove from group"
	if len(apiContactIDs) == 0 {
		return nil
	}
	defer a.client.measured(op, time.Now(), &err)
	got, err := a.call(ctx, op, http.MethodPost, a.account+"/api/contacts/remove_from_group/", map[string]any{
		"group_id": groupID, "api_contact_ids": apiContactIDs,
	})
	if err != nil {
		return err
	}
	if got.status == http.StatusNoContent {
		return nil
	}
	return object(op, got)
}

// object accepts any JSON object that carries no error, not even one of a field:
// a list of sentences under the field's name.
func object(op string, got answer) error {
	var fields map[string]any
	if err := decode(op, got.body, &fields); err != nil {
		return err
	}
	if fields == nil {
		return &DoubtError{op, errors.New("null instead of an object")}
	}
	if text := complaint(got.body); text != "" {
		return &RefusedError{op, got.status, text}
	}
	for name, value := range fields {
		list, _ := value.([]any)
		if said := texts(name, list); len(said) > 0 && strings.HasSuffix(said[0], ".") {
			return &RefusedError{op, got.status, cut(strings.Join(said, " "))} // {"contents": ["This field may not be blank."]}
		}
	}
	return nil
}
