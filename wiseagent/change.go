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

// NewContact is a contact to be made. First, Last and Source are required.
type NewContact struct {
	First, Last string
	Source      string // Wise Agent's lead rules hang on it
	Company     string

	Email       string
	HomePhone   string
	MobilePhone string
	WorkPhone   string

	AddressNumber string
	AddressStreet string
	SuiteNo       string
	City          string
	State         string
	Zip           string

	Categories []string // names; one with a semicolon can't be sent and is left out
	TeamID     int      // the team member whose contact it is; 0 names nobody
}

// CreateContact makes a contact and returns its ClientID (webcontact, section 3.3; scope
// contacts). isNew is false when Wise Agent took it for one it has: then that one gained the phones
// and e-mails and its profile stays as it was. So doing it twice makes one contact, as long as there is an
// e-mail or a phone that Wise Agent knows it by; after a DoubtError look with FindContacts.
func (a *API) CreateContact(ctx context.Context, n NewContact) (clientID string, isNew bool, err error) {
	const op = "create contact"
	defer a.client.measured(op, time.Now(), &err)
	w, err := a.write(ctx, op, http.MethodPost, "webcontact", n.params())
	if err != nil {
		return "", false, err
	}
	id := string(w.ClientID)
	if !validID(id) || strings.HasPrefix(id, "V") {
		return "", false, &DoubtError{op, errors.New("an answer without the contact's id")}
	}
	if w.NewContact == "" { // an answer that doesn't tell has a message only for a contact that was there
		return id, w.Message == "", nil
	}
	return id, yes(w.NewContact), nil
}

// params are the fields that hold something, under webcontact's names.
func (n NewContact) params() url.Values {
	params := url.Values{}
	for name, value := range map[string]string{
		"CFirst": n.First, "CLast": n.Last, "Source": n.Source, "Company": n.Company,
		"CEmail": n.Email, "HomePhone": n.HomePhone, "MobilePhone": n.MobilePhone, "WorkPhone": n.WorkPhone,
		"AddressNumber": n.AddressNumber, "AddressStreet": n.AddressStreet, "SuiteNo": n.SuiteNo,
		"City": n.City, "State": n.State, "zip": n.Zip,
	} {
		if value != "" {
			params.Set(name, value)
		}
	}
	var fit []string
	for _, name := range n.Categories {
		if name = strings.TrimSpace(name); name != "" && !strings.Contains(name, ";") {
			fit = append(fit, name)
		}
	}
	if len(fit) > 0 {
		params.Set("Categories", strings.Join(fit, ";"))
	}
	if n.TeamID > 0 {
		params.Set("InsideTeamId", strconv.Itoa(n.TeamID))
	}
	return params
}

// UpdateContact changes the fields of a contact that are named and no others, all or none
// (updateContact, section 3.3; scope contacts). The names are those of section 4: CFirst, Clast (so
// spelled), CEmail, HomePhone, MobilePhone, WorkPhone, AddressNumber, AddressStreet, SuiteNo, City, State, Zip.
// Whether an empty value clears a field is not known. Doing it twice does no harm.
//
// Errors: ErrUnknownContact where Wise Agent says so; RefusedError for a field it won't take.
func (a *API) UpdateContact(ctx context.Context, clientID string, fields map[string]string) (err error) {
	const op = "update contact"
	defer a.client.measured(op, time.Now(), &err)
	params := url.Values{"clientID": {clientID}}
	for name, value := range fields {
		params.Set(name, value)
	}
	w, err := a.write(ctx, op, http.MethodPost, "updateContact", params)
	if err != nil {
		return err
	}
	if !yes(w.Success) && !strings.EqualFold(folded(strings.TrimRight(string(w.Success), ". ")), clientID+" updated") {
		return &DoubtError{op, errors.New("an answer without success")}
	}
	return nil
}

// AddToCategory puts contacts into a category by its name (addClientsToCategory,
// section 3.3; scope contacts). Doing it twice does no harm.
//
// Errors: ErrUnknownContact where Wise Agent says so, else RefusedError.
func (a *API) AddToCategory(ctx context.Context, category string, clientIDs ...string) (err error) {
	const op = "add to category"
	defer a.client.measured(op, time.Now(), &err)
	return a.do(ctx, op, http.MethodPost, "addClientsToCategory", url.Values{
		"category": {category}, "clientids": {strings.Join(clientIDs, ",")},
	})
}

// EnsureCategory makes a category unless it is there (addCategories, section 3.3; scope
// contacts). A name with a comma would make two: don't.
func (a *API) EnsureCategory(ctx context.Context, name string) (err error) {
	const op = "add category"
	defer a.client.measured(op, time.Now(), &err)
	err = a.do(ctx, op, http.MethodPost, "addCategories", url.Values{"categories": {name}})
	no, ok := errors.AsType[*RefusedError](err)
	if ok && strings.Contains(strings.ToLower(no.Text), "exist") {
		return nil
	}
	return err
}

// AddCustom gives a contact a custom field (addClientCustom, section 3.3; scope contacts).
//
// Errors: ErrCustomTaken when the contact has one with this key, whatever its value;
// ErrUnknownContact where Wise Agent says so.
func (a *API) AddCustom(ctx context.Context, clientID, key, value string) (err error) {
	const op = "add custom field"
	defer a.client.measured(op, time.Now(), &err)
	err = a.do(ctx, op, http.MethodPost, "addClientCustom", url.Values{"ClientID": {clientID}, "Key": {key}, "Value": {value}})
	no, ok := errors.AsType[*RefusedError](err)
	if ok && no.Cause == nil && strings.Contains(strings.ToLower(no.Text), strings.ToLower(key)) {
		no.Cause = ErrCustomTaken
	}
	return err
}

// EditCustom changes the value of a custom field that the contact has (editClientCustomData,
// section 3.3, by PUT: the DELETE of the documentation is taken for a slip; scope contacts). Doing it twice does no harm.
func (a *API) EditCustom(ctx context.Context, clientID, key, value string) (err error) {
	const op = "edit custom field"
	defer a.client.measured(op, time.Now(), &err)
	return a.do(ctx, op, http.MethodPut, "editClientCustomData",
		url.Values{"ClientID": {clientID}, "Key": {key}, "Value": {value}})
}
