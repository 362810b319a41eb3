package wiseagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Contact is a contact, or a vendor, as Wise Agent keeps it (section 4). Fields are
// as people typed them: a phone field may say "ask for Bob".
type Contact struct {
	ClientID string // digits; "V" and digits for a vendor
	Vendor   bool   // of a vendor only names, phones, e-mail, address and URL are known

	First   string // of a vendor: the contact person's whole name
	Last    string
	Company string

	Email         string
	HomePhone     string
	MobilePhone   string
	WorkPhone     string
	AddressNumber string
	AddressStreet string // of a vendor: the whole address
	SuiteNo       string
	City          string
	State         string
	Zip           string

	Status      string // "Hot Lead" and the like; may be empty
	URL         string // the contact's page in Wise Agent
	Categories  []string
	Custom      map[string]string // the account's own fields by key
	SpouseFirst string
	SpouseLast  string
}

// wireContact is a contact on the wire, or a vendor, which has other names.
type wireContact struct {
	ClientID      text
	First         text `json:"CFirst"`
	Last          text `json:"CLast"`
	Company       text
	Email         text `json:"CEmail"`
	HomePhone     text
	MobilePhone   text
	WorkPhone     text
	AddressNumber text
	AddressStreet text
	SuiteNo       text
	City          text
	State         text
	Zip           text
	Status        text
	URL           text `json:"ContactUrl"`
	Categories    json.RawMessage
	CustomData    json.RawMessage
	SpouseFirst   text
	SpouseLast    text

	VendorID     text
	ContactName  text
	Address      text
	Phone        text
	ContactPhone text
	VendorEmail  text `json:"Email"`
	VendorURL    text `json:"Url"`
}

// Contacts reads one page of the account's contacts (getContacts, section 3.2;
// scope contacts). Pages count from 1; a page shorter than size is the last.
func (a *API) Contacts(ctx context.Context, page, size int) (_ []Contact, err error) {
	const op = "list contacts"
	defer a.client.measured(op, time.Now(), &err)
	list, err := a.get(ctx, op, "getContacts", paging(page, size))
	if err != nil {
		return nil, err
	}
	return readContacts(op, list)
}

// Query asks for contacts by one thing: the first of its fields that is not empty.
type Query struct {
	Email string
	Phone string // digits
	Name  string // similar to first, last or company
}

// FindContacts reads the contacts that fit, at most 100 (getContacts with a filter,
// section 3.2; scope contacts). A phone or e-mail that a contact gained by
// CreateContact may find it without being among its fields. An empty query is a mistake and finds nobody.
func (a *API) FindContacts(ctx context.Context, q Query) (_ []Contact, err error) {
	const op = "find contacts"
	params := paging(1, 100)
	switch {
	case q.Email != "":
		params.Set("email", q.Email)
	case q.Phone != "":
		params.Set("phone", q.Phone)
	case q.Name != "":
		params.Set("nameQuery", q.Name)
	default:
		return nil, nil
	}
	defer a.client.measured(op, time.Now(), &err)
	list, err := a.get(ctx, op, "getContacts", params)
	if err != nil {
		return nil, err
	}
	return readContacts(op, list)
}

// Contact reads one contact, or a vendor with "V" before its number
// (getSingleContact, section 3.2; scope contacts).
//
// Errors: ErrUnknownContact.
func (a *API) Contact(ctx context.Context, clientID string) (_ Contact, err error) {
	const op = "get contact"
	defer a.client.measured(op, time.Now(), &err)
	list, err := a.get(ctx, op, "getSingleContact", url.Values{"clientID": {clientID}})
	if err != nil {
		return Contact{}, err
	}
	if len(list) == 0 {
		return Contact{}, fmt.Errorf("%s: %w", op, ErrUnknownContact)
	}
	found, err := readContacts(op, list)
	if err != nil {
		return Contact{}, err
	}
	for _, c := range found {
		if strings.EqualFold(c.ClientID, clientID) {
			return c, nil
		}
	}
	return Contact{}, &DoubtError{op, errors.New("an answer about another contact")}
}

func readContacts(op string, list []json.RawMessage) ([]Contact, error) {
	contacts := make([]Contact, len(list))
	for i, item := range list {
		var w wireContact
		if err := decode(item, &w); err != nil {
			return nil, &DoubtError{op, err}
		}
		contacts[i] = w.contact()
		if !validID(contacts[i].ClientID) {
			return nil, &DoubtError{op, errors.New("a contact without an id")}
		}
	}
	return contacts, nil
}

// validID reports whether s is a ClientID or a vendor's.
func validID(s string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "V"), 10, 63)
	return err == nil && n > 0
}

func (w wireContact) contact() Contact {
	if w.ClientID == "" && w.VendorID != "" {
		return w.vendor()
	}
	return Contact{
		ClientID:      string(w.ClientID),
		First:         string(w.First),
		Last:          string(w.Last),
		Company:       string(w.Company),
		Email:         string(w.Email),
		HomePhone:     string(w.HomePhone),
		MobilePhone:   string(w.MobilePhone),
		WorkPhone:     string(w.WorkPhone),
		AddressNumber: string(w.AddressNumber),
		AddressStreet: string(w.AddressStreet),
		SuiteNo:       string(w.SuiteNo),
		City:          string(w.City),
		State:         string(w.State),
		Zip:           string(w.Zip),
		Status:        string(w.Status),
		URL:           string(w.URL),
		Categories:    categories(w.Categories),
		Custom:        custom(w.CustomData),
		SpouseFirst:   string(w.SpouseFirst),
		SpouseLast:    string(w.SpouseLast),
	}
}

func (w wireContact) vendor() Contact {
	return Contact{
		ClientID:      "V" + strings.TrimLeft(string(w.VendorID), "Vv"),
		Vendor:        true,
		First:         string(w.ContactName),
		Company:       string(w.Company),
		Email:         string(w.VendorEmail),
		MobilePhone:   string(w.ContactPhone),
		WorkPhone:     string(w.Phone),
		AddressStreet: string(w.Address),
		City:          string(w.City),
		State:         string(w.State),
		Zip:           string(w.Zip),
		URL:           string(w.VendorURL),
	}
}

// Note is a note on a contact.
type Note struct {
	ID      int64
	Subject string
	Text    string    // may be HTML
	Date    time.Time // zero when Wise Agent gives none
}

// Notes reads one page of a contact's notes (getContactNotes, section 3.4; scope
// contacts). Pages count from 1; a page shorter than size is the last.
func (a *API) Notes(ctx context.Context, clientID string, page, size int) (_ []Note, err error) {
	const op = "list notes"
	defer a.client.measured(op, time.Now(), &err)
	params := paging(page, size)
	params.Set("ClientID", clientID)
	list, err := a.get(ctx, op, "getContactNotes", params)
	if err != nil {
		return nil, err
	}
	notes := make([]Note, len(list))
	for i, item := range list {
		if notes[i], err = a.client.readNote(item); err != nil {
			return nil, &DoubtError{op, err}
		}
	}
	return notes, nil
}

func (c *Client) readNote(item []byte) (Note, error) {
	var w struct{ NoteID, Subject, Note, NoteDate text }
	if err := decode(item, &w); err != nil {
		return Note{}, err
	}
	id, err := strconv.ParseInt(string(w.NoteID), 10, 64)
	if err != nil || id <= 0 {
		return Note{}, errors.New("a note without an id")
	}
	return Note{id, string(w.Subject), string(w.Note), date(string(w.NoteDate), c.zone())}, nil
}

// zone is that of dates without one. Arizona has had no summer time since 1968,
// so that no zone database is needed for it.
func (c *Client) zone() *time.Location {
	if c.TimeZone != nil {
		return c.TimeZone
	}
	return time.FixedZone("MST", -7*60*60)
}

func paging(page, size int) url.Values {
	return url.Values{"page": {strconv.Itoa(page)}, "page_size": {strconv.Itoa(size)}}
}
