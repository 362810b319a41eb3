package wiseagent

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// NewNote is a note to be written on one contact.
type NewNote struct {
	ClientID   string // "V" and digits for a vendor
	Subject    string
	Text       string   // may be shown as HTML
	Categories []string // names; one with a comma can't be sent and is left out
	TeamID     int      // the team member it is from; 0 is everybody
}

// AddNote writes a note and returns its id (addContactNote, section 3.4; scope
// contacts). Doing it twice writes two notes: after a DoubtError look with Notes.
//
// Errors: ErrUnknownContact where Wise Agent says so, else RefusedError.
func (a *API) AddNote(ctx context.Context, n NewNote) (_ int64, err error) {
	const op = "add note"
	defer a.client.measured(op, time.Now(), &err)
	params := url.Values{"clientids": {n.ClientID}, "subject": {n.Subject}, "note": {n.Text}}
	if list := csv(n.Categories); list != "" {
		params.Set("categories", list)
	}
	if n.TeamID > 0 {
		params.Set("InsideTeamId", strconv.Itoa(n.TeamID))
	}
	w, err := a.write(ctx, op, http.MethodPost, "addContactNote", params)
	if err != nil {
		return 0, err
	}
	if w.ClientID != "" && bare(string(w.ClientID)) != bare(n.ClientID) {
		return 0, &DoubtError{op, errors.New("an answer about another contact")}
	}
	id, err := strconv.ParseInt(string(w.NoteID), 10, 64)
	if err != nil || id <= 0 {
		return 0, &DoubtError{op, errors.New("an answer without the note's id")}
	}
	return id, nil
}

// UpdateNote replaces a note's subject and text (updateContactNote, section 3.4;
// scope contacts). Doing it twice does no harm.
//
// Errors: ErrLocked, ErrUnknownNote.
func (a *API) UpdateNote(ctx context.Context, noteID int64, subject, text string) (err error) {
	const op = "update note"
	defer a.client.measured(op, time.Now(), &err)
	err = a.do(ctx, op, http.MethodPut, "updateContactNote", url.Values{
		"noteID": {strconv.FormatInt(noteID, 10)}, "subject": {subject}, "note": {text},
	})
	if no, ok := errors.AsType[*RefusedError](err); ok && strings.Contains(strings.ToLower(no.Text), "locked") {
		no.Cause = ErrLocked
	}
	return err
}

// bare is a vendor's id without its V, as some answers give it.
func bare(clientID string) string { return strings.TrimLeft(clientID, "Vv") }

// csv joins names by commas. A name that holds one can't be expressed (section 7).
func csv(names []string) string {
	var fit []string
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" && !strings.Contains(name, ",") {
			fit = append(fit, name)
		}
	}
	return strings.Join(fit, ",")
}
