package wiseagent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// written is what the answers to writes tell, whatever shape they come in (Wise
// Agent API, section 2.1). What an answer doesn't hold is empty.
type written struct {
	Success    text
	ClientID   text
	NoteID     text
	ID         text // of a Call List entry
	NewContact text
	Message    text
}

// write makes one writing request and returns what the answer tells. A no anywhere
// in the answer is an error, and so is an answer that tells nothing of what a write tells.
//
// The parameters go into the body, as is known to work (section 8); those of a
// DELETE, which has no body by custom, into the address.
func (a *API) write(ctx context.Context, op, method, requestType string, params url.Values) (written, error) {
	query, form := url.Values(nil), params
	if method == http.MethodDelete {
		query, form = params, nil
	}
	var w written
	got, err := a.ask(ctx, op, method, requestType, query, form)
	if err != nil {
		return w, err
	}
	list, err := objects(got.body)
	if err != nil {
		return w, &DoubtError{op, err}
	}
	for _, o := range list {
		if no := o.refusal(); no != nil {
			return w, refused(op, got, no)
		}
		if err := cmp.Or(o.broken, o.tell(&w)); err != nil {
			return w, &DoubtError{op, err}
		}
	}
	return w, nil
}

// object is an object of an answer to a write, read once for all that may be in it.
type object struct {
	verdict
	ClientID   json.RawMessage
	NoteID     json.RawMessage
	ID         json.RawMessage
	NewContact json.RawMessage

	broken error // it could not be read
}

// tell adds what the object holds.
func (o object) tell(w *written) error {
	for _, part := range []struct {
		value json.RawMessage
		to    *text
	}{
		{o.Success, &w.Success},
		{o.ClientID, &w.ClientID},
		{o.NoteID, &w.NoteID},
		{o.ID, &w.ID},
		{o.NewContact, &w.NewContact},
		{o.Message, &w.Message},
	} {
		if part.value == nil {
			continue
		}
		if err := part.to.UnmarshalJSON(part.value); err != nil {
			return errors.New("JSON of an unknown shape")
		}
	}
	return nil
}

// do makes a writing request that is answered by a bare success.
func (a *API) do(ctx context.Context, op, method, requestType string, params url.Values) error {
	w, err := a.write(ctx, op, method, requestType, params)
	if err != nil {
		return err
	}
	if !yes(w.Success) {
		return &DoubtError{op, errors.New("an answer without success")}
	}
	return nil
}

// objects takes the answer to a write apart: the object or the list of objects that it
// is, and after each the ones under its "data". Together they tell one story, since some answers
// are a list of one-key objects.
func objects(body []byte) (all []object, err error) {
	var list []json.RawMessage
	switch first(body) {
	case '"':
		var inner string
		if err := decode(body, &inner); err != nil {
			return nil, err
		}
		if c := first([]byte(inner)); c != '[' && c != '{' {
			return nil, errors.New("a text instead of an object")
		}
		return objects(lenient([]byte(inner)))
	case '{':
		list = []json.RawMessage{body}
	default:
		if err := decode(body, &list); err != nil {
			return nil, err
		}
	}
	for _, b := range list {
		if first(b) != '{' {
			return nil, errors.New("JSON of an unknown shape")
		}
		o := readObject(b)
		all = append(all, o)
		within, _ := nested(o.Data)
		for _, b := range within {
			all = append(all, readObject(b))
		}
	}
	return all, nil
}

func readObject(b []byte) (o object) {
	o.broken = decode(b, &o)
	return o
}

// yes reads a boolean in any of its spellings; what is none is no.
func yes(t text) bool {
	switch strings.ToLower(strings.TrimSpace(string(t))) {
	case "true", "1", "yes", "success":
		return true
	}
	return false
}
