package bridge

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"addtomojo/mojo"
	"addtomojo/wiseagent"
)

const (
	// notesPerContact is how many of a contact's notes go to Mojo: the newest ones.
	notesPerContact = 20
	// noteLength is how many characters of a note go to Mojo.
	noteLength = 4000
	cutMark    = " … (the whole note is in Wise Agent)"
)

// remarkPrefix begins the note of what stood in phone and e-mail fields and is neither.
const remarkPrefix = "From Wise Agent's phone and e-mail fields: "

// emailShape is what an e-mail address looks like: one @, and a host with a dot in it.
var emailShape = regexp.MustCompile(`^[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+$`)

// ownNote is the last line of the notes that this service writes into Wise Agent.
var ownNote = regexp.MustCompile(`(?m)^Mojo (?:call|note|contact|activity) #\S+\s*\z`)

// apiContactID is the name under which Mojo knows a Wise Agent contact.
func apiContactID(clientID string) string { return "wa-" + clientID }

// displayName is how a contact is called on our pages and in Mojo: first and last name, the company
// when both are empty.
func displayName(c wiseagent.Contact) string {
	last := joinWords(c.Last)
	if last == noLastName { // Wise Agent asks for one, see splitName
		last = ""
	}
	name := joinWords(c.First, last)
	if name == "" {
		name = joinWords(c.Company)
	}
	return name
}

// joinWords joins the parts that hold something by one blank.
func joinWords(parts ...string) string {
	return strings.Join(strings.Fields(visible(printable(strings.Join(parts, " ")))), " ")
}

// outgoing is the Mojo contact made of a Wise Agent contact, its phone fields, and the notes that are new to
// Mojo. known tells that Mojo has the contact already, so that remarks found in its phone fields,
// which were sent the first time, are not sent again.
func outgoing(c wiseagent.Contact, phones []typedPhone, notes []wiseagent.Note, groupID int64, known bool) mojo.Contact {
	media, remarks := reachable(c, phones)
	out := mojo.Contact{
		APIContactID: apiContactID(c.ClientID),
		FullName:     displayName(c),
		Address:      joinWords(c.AddressNumber, c.AddressStreet, c.SuiteNo),
		City:         joinWords(c.City),
		State:        joinWords(c.State),
		Zip:          joinWords(c.Zip),
		GroupIDs:     []int64{groupID},
		Media:        media,
	}
	if len(remarks) > 0 && !known {
		out.Notes = append(out.Notes, cut(remarkPrefix+strings.Join(remarks, "; "), noteLength, cutMark))
	}
	for _, n := range notes {
		out.Notes = append(out.Notes, noteText(n))
	}
	return out
}

// reachable gives the numbers and addresses under which a contact is reached, doubles once, and the
// text that stood in those fields but can't be dialed or mailed.
func reachable(c wiseagent.Contact, phones []typedPhone) (media []mojo.Media, remarks []string) {
	add := func(t mojo.MediaType, value string) {
		if !slices.ContainsFunc(media, func(m mojo.Media) bool { return strings.EqualFold(m.Value, value) }) {
			media = append(media, mojo.Media{Type: t, Value: value})
		}
	}
	for _, f := range phones {
		for _, n := range f.Numbers {
			add(f.kind, n)
		}
		if f.Text != "" {
			remarks = append(remarks, f.name+": "+f.Text)
		}
	}
	emails, text := readEmail(c.Email)
	for _, e := range emails {
		add(mojo.MediaEmail, e)
	}
	if text != "" {
		remarks = append(remarks, "E-mail: "+text)
	}
	return media, remarks
}

// readEmail takes an e-mail field apart into addresses and the words that are none.
func readEmail(field string) (emails []string, text string) {
	var words []string
	for _, word := range strings.FieldsFunc(printable(field), func(r rune) bool { return strings.ContainsRune(" ,;/", r) }) {
		e := strings.Trim(strings.TrimPrefix(word, "mailto:"), `<>()[]"'.:`)
		if emailShape.MatchString(e) {
			emails = append(emails, e)
		} else {
			words = append(words, word)
		}
	}
	return emails, strings.Join(words, " ")
}

// typedPhone is one of a contact's phone fields, read.
type typedPhone struct {
	kind mojo.MediaType
	name string
	phoneField
}

// readPhones reads the three phone fields of a contact in the order in which they are sent. It takes some
// 100 µs, so that it is done once.
func readPhones(c wiseagent.Contact) []typedPhone {
	return []typedPhone{
		{mojo.MediaHome, "Home phone", readPhone(c.HomePhone)},
		{mojo.MediaMobile, "Mobile phone", readPhone(c.MobilePhone)},
		{mojo.MediaWork, "Work phone", readPhone(c.WorkPhone)},
	}
}

// dialable gives a contact's numbers, and whether one of its fields says that it must not be called.
func dialable(phones []typedPhone) (numbers []string, doNotCall bool) {
	for _, f := range phones {
		numbers = append(numbers, f.Numbers...)
		doNotCall = doNotCall || f.DoNotCall
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), doNotCall
}

// newNotes picks the notes that go to Mojo: not our own ones, newer than the last one sent, the newest
// 20, oldest first. highest is the largest note id seen, to be remembered with the link.
func newNotes(all []wiseagent.Note, sent int64) (notes []wiseagent.Note, highest int64) {
	highest = sent
	for _, n := range all {
		highest = max(highest, n.ID)
		text := plainText(n.Text)
		if n.ID <= sent || text == "" && joinWords(n.Subject) == "" || ownNote.MatchString(text) {
			continue
		}
		notes = append(notes, n)
	}
	slices.SortStableFunc(notes, func(a, b wiseagent.Note) int {
		return cmp.Or(b.Date.Compare(a.Date), cmp.Compare(b.ID, a.ID))
	})
	notes = notes[:min(len(notes), notesPerContact)]
	slices.Reverse(notes)
	return notes, highest
}

// noteText is a Wise Agent note as it reads in Mojo: dated, its subject first, cut when too long.
func noteText(n wiseagent.Note) string {
	var head []string
	if !n.Date.IsZero() {
		head = append(head, n.Date.Format("Jan 2, 2006"))
	}
	if subject := joinWords(n.Subject); subject != "" {
		head = append(head, subject)
	}
	text := plainText(n.Text)
	if len(head) > 0 {
		text = fmt.Sprintf("%s\n%s", strings.Join(head, " · "), text)
	}
	return cut(strings.TrimSpace(text), noteLength, cutMark)
}
