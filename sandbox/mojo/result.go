package mojo

import "slices"

// Result is one of the 16 results a call can have, see Mojo's API, part A4.
type Result struct {
	Slug     string // as hooks name it
	Name     string // as the dialer shows it
	BySystem bool   // Mojo sets it by itself, not the person who calls
}

// The results that do more than be counted.
const (
	resultNextRecord = "no_contact_next_record"
	resultNextNumber = "no_contact_next_number"
	resultBadNumber  = "bad_number"
	resultDNCContact = "dnc_contact"
	resultDNCNumber  = "dnc_number"
	resultSkipped    = "skipped"
	resultIncomplete = "incomplete"
)

// Results lists every result, those that people set first.
func Results() []Result {
	return []Result{
		{"contact", "Contact", false},
		{resultNextRecord, "No Contact - Next Record", false},
		{resultNextNumber, "No Contact - Next Number", false},
		{resultBadNumber, "Bad Number", false},
		{"drop_voicemail", "Drop Voicemail", false},
		{"voicemail", "Voicemail", false},
		{resultDNCContact, "DNC Contact", false},
		{resultDNCNumber, "DNC Number", false},
		{resultSkipped, "Skipped", true},
		{"no_answer", "No Answer", true},
		{resultIncomplete, "Incomplete", true},
		{"fax", "Fax", true},
		{"disconnected", "Disconnected", true},
		{"busy", "Busy", true},
		{"other", "Other", true},
		{"answering_machine", "Answering Machine", true},
	}
}

// resultName is how the dialer shows a result; a slug it doesn't know stays as
// it is.
func resultName(slug string) string {
	results := Results()
	i := slices.IndexFunc(results, func(r Result) bool { return r.Slug == slug })
	if i < 0 {
		return slug
	}
	return results[i].Name
}

// NumberStatus is what an account knows of a phone number. It is kept by
// number: every contact with that number has it, also those that come later.
type NumberStatus string

// The statuses of a number, see Mojo's API, part A5.
const (
	NumberNormal NumberStatus = ""
	NumberBad    NumberStatus = "bad"
	NumberDNC    NumberStatus = "dnc" // do not call
)

// String is the status as pages show it, "" for a normal number.
func (n NumberStatus) String() string {
	switch n {
	case NumberDNC:
		return "Do not call"
	case NumberBad:
		return "Bad number"
	}
	return ""
}

// Number returns what the account knows of a number of ten digits.
func (s *Server) Number(accountID, digits string) NumberStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account(accountID).numbers[digits]
}

// SetNumber changes what the account knows of a number of ten digits.
func (s *Server) SetNumber(accountID, digits string, status NumberStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(accountID).numbers[digits] = status
}

// mark notes what a call's result says of its number, or of all numbers of the
// contact. A number on the do-not-call list stays there.
func (a *account) mark(c *Contact, call Call) {
	switch call.Result {
	case resultBadNumber:
		if a.numbers[call.Phone] != NumberDNC {
			a.numbers[call.Phone] = NumberBad
		}
	case resultDNCNumber:
		a.numbers[call.Phone] = NumberDNC
	case resultDNCContact:
		a.numbers[call.Phone] = NumberDNC
		for _, m := range c.phones() {
			a.numbers[m.Value] = NumberDNC
		}
	}
}

// phones returns the contact's phones in their order.
func (c *Contact) phones() []Media {
	return slices.DeleteFunc(slices.Clone(c.Media), func(m Media) bool { return m.Type == MediaEmail })
}
