package mojo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// contactIn is a contact as bulk_create and bulk_update take it, see Mojo's
// API, part A2. Pointers tell what was left out from what is empty.
type contactIn struct {
	APIContactID    string     `json:"api_contact_id"`
	FullName        string     `json:"full_name"`
	ContactGroupSet []groupRef `json:"contactgroup_set"`
	Address         *string    `json:"address"`
	City            *string    `json:"city"`
	State           *string    `json:"state"`
	ZipCode         *string    `json:"zip_code"`
	ContactNoteSet  *[]noteIn  `json:"contactnote_set"`
	MediaInfoSet    *[]mediaIn `json:"mediainfo_set"`
}

type groupRef struct {
	GroupID int64 `json:"group_id"`
}

type noteIn struct {
	Type     int    `json:"type"`
	Contents string `json:"contents"`
}

type mediaIn struct {
	Type  int    `json:"type"`
	Value string `json:"value"`
}

// contactOut is a contact as it is read back: part A2 with the contact id.
type contactOut struct {
	APIContactID    string     `json:"api_contact_id"`
	ContactID       int64      `json:"contact_id"`
	FullName        string     `json:"full_name"`
	ContactGroupSet []groupRef `json:"contactgroup_set"`
	Address         string     `json:"address,omitempty"`
	City            string     `json:"city,omitempty"`
	State           string     `json:"state,omitempty"`
	ZipCode         string     `json:"zip_code,omitempty"`
	ContactNoteSet  []noteIn   `json:"contactnote_set,omitempty"`
	MediaInfoSet    []mediaIn  `json:"mediainfo_set,omitempty"`
}

// created is one contact in the result of a bulk request.
type created struct {
	APIContactID string `json:"api_contact_id"`
	ContactID    int64  `json:"contact_id"`
}

// createAnswer is the answer of bulk_create, part A2.
type createAnswer struct {
	Duplicated []string  `json:"duplicated_api_contact_id"`
	Errors     []string  `json:"errors"`
	Result     []created `json:"result"`
}

// updateAnswer is the answer of bulk_update, part B3.
type updateAnswer struct {
	createAnswer
	NotFound       []string  `json:"not_found_api_contact_id"`
	AlreadyInGroup *[]string `json:"already_in_group,omitempty"` // nil on hosts that don't tell
}

// refused is the answer to a bulk request that did nothing, part A2.
type refused struct {
	Errors []string  `json:"errors"`
	Result *struct{} `json:"result"` // always null
}

type detail struct {
	Detail string `json:"detail"`
}

// fieldError is a validation error: 400 with the field's name as the key.
type fieldError struct{ field, text string }

func (e *fieldError) write(w http.ResponseWriter) {
	writeJSON(w, http.StatusBadRequest, map[string][]string{e.field: {e.text}})
}

// check says what is wrong with a contact, nil when nothing is.
func (c *contactIn) check() *fieldError {
	if c.APIContactID == "" {
		return &fieldError{"api_contact_id", "This field is required."}
	}
	if len(c.ContactGroupSet) == 0 {
		return &fieldError{"contactgroup_set", "This field is required."}
	}
	for name, value := range map[string]*string{"address": c.Address, "city": c.City, "state": c.State, "zip_code": c.ZipCode} {
		if value != nil && *value == "" {
			return &fieldError{name, "This field may not be blank."}
		}
	}
	if c.FullName == "" && c.MediaInfoSet == nil {
		return &fieldError{"full_name", "This field may not be blank when there is no phone or e-mail."}
	}
	return cmpErr(c.checkMedia(), c.checkNotes())
}

func (c *contactIn) checkMedia() *fieldError {
	if c.MediaInfoSet == nil {
		return nil
	}
	if len(*c.MediaInfoSet) == 0 {
		return &fieldError{"mediainfo_set", "This list may not be empty."}
	}
	for _, m := range *c.MediaInfoSet {
		switch {
		case m.Type < MediaWork || m.Type > MediaOther:
			return &fieldError{"mediainfo_set", fmt.Sprintf("%d is not a valid type.", m.Type)}
		case m.Type == MediaEmail && !strings.Contains(m.Value, "@"):
			return &fieldError{"mediainfo_set", "Enter a valid e-mail address."}
		case m.Type != MediaEmail && !tenDigits(m.Value):
			return &fieldError{"mediainfo_set", "A phone number must be ten digits and nothing else."}
		}
	}
	return nil
}

func (c *contactIn) checkNotes() *fieldError {
	if c.ContactNoteSet == nil {
		return nil
	}
	if len(*c.ContactNoteSet) == 0 {
		return &fieldError{"contactnote_set", "This list may not be empty."}
	}
	for _, n := range *c.ContactNoteSet {
		if n.Type != 1 {
			return &fieldError{"contactnote_set", fmt.Sprintf("%d is not a valid type.", n.Type)}
		}
		if n.Contents == "" {
			return &fieldError{"contactnote_set", "The contents may not be blank."}
		}
	}
	return nil
}

// cmpErr returns the first error that is one.
func cmpErr(errs ...*fieldError) *fieldError {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func tenDigits(s string) bool {
	return len(s) == 10 && strings.Trim(s, "0123456789") == ""
}

// contact makes a contact of what came in, without its notes and groups.
func (c *contactIn) contact() Contact {
	made := Contact{APIContactID: c.APIContactID, FullName: c.FullName,
		Address: text(c.Address), City: text(c.City), State: text(c.State), Zip: text(c.ZipCode)}
	for _, m := range list(c.MediaInfoSet) {
		made.addMedia(Media(m))
	}
	return made
}

// hasAddress says whether any part of the address came along.
func (c *contactIn) hasAddress() bool {
	return c.Address != nil || c.City != nil || c.State != nil || c.ZipCode != nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func list[T any](items *[]T) []T {
	if items == nil {
		return nil
	}
	return *items
}

// out is the contact as it is read back.
func (c *Contact) out() contactOut {
	o := contactOut{APIContactID: c.APIContactID, ContactID: c.ContactID, FullName: c.FullName, ContactGroupSet: []groupRef{},
		Address: c.Address, City: c.City, State: c.State, ZipCode: c.Zip}
	for _, id := range c.GroupIDs {
		o.ContactGroupSet = append(o.ContactGroupSet, groupRef{id})
	}
	for _, n := range c.Notes {
		o.ContactNoteSet = append(o.ContactNoteSet, noteIn{1, n.Contents})
	}
	for _, m := range c.Media {
		o.MediaInfoSet = append(o.MediaInfoSet, mediaIn(m))
	}
	return o
}

// readJSON reads a request's body into v, and answers if that can't be done.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" {
		writeJSON(w, http.StatusUnsupportedMediaType, detail{fmt.Sprintf("Unsupported media type %q in request.", kind)})
		return false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 32<<20))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			writeHTML(w, http.StatusRequestEntityTooLarge, "413 Request Entity Too Large")
		}
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		decodeError(err).write(w)
		return false
	}
	return true
}

// decodeError words a JSON error as Mojo might, naming the field where known.
func decodeError(err error) *fieldError {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return &fieldError{wrongType.Field, "Not a valid value."}
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &fieldError{strings.Trim(field, `"`), "There is no such field."}
	}
	return &fieldError{"non_field_errors", "JSON parse error."}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "Server Error (500)", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

// writeHTML answers as a web server in front of Mojo does.
func writeHTML(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<html>\n<head><title>%[1]s</title></head>\n<body>\n<center><h1>%[1]s</h1></center>\n</body>\n</html>\n", text)
}

func oauthError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}
