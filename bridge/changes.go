package bridge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

// The parts of a contact that Mojo's edits reach. A name and an address are one part each: half of either makes no sense.
const (
	partName    = "name"
	partAddress = "address"
	partHome    = "home"
	partMobile  = "mobile"
	partWork    = "work"
	partEmail   = "email"
)

// verdict is what an edit in Mojo does to the contact in Wise Agent.
type verdict struct {
	Set     map[string]string      // fields of updateContact; empty: nothing to write
	Seen    map[string]store.Field // parts as they are afterwards
	Remarks []string               // new values that found no place, for a note that says so
	Stale   bool                   // every change was older than what is there
}

// weigh decides about the changes of one edit. now is the contact as Wise Agent has it, whole the contact as Mojo has it after
// the edit. A part that was changed in Wise Agent since we last saw it is not overwritten: a phone goes to a free field, else the
// value becomes a remark. An edit older than one that was dealt with changes nothing.
func weigh(now wiseagent.Contact, whole mojoContact, seen map[string]store.Field, revision int64, changes []change) verdict {
	v := verdict{Set: map[string]string{}, Seen: map[string]store.Field{}, Stale: len(changes) > 0}
	w := weighing{now: now, whole: whole, seen: seen, revision: revision, verdict: &v}
	for _, c := range changes {
		w.change(c)
	}
	return v
}

type weighing struct {
	now      wiseagent.Contact
	whole    mojoContact
	seen     map[string]store.Field
	revision int64
	verdict  *verdict
}

func (w *weighing) change(c change) {
	switch c.Field {
	case "phone":
		w.phone(readMedia(c.Old), readMedia(c.New))
	case "email":
		w.single(partEmail, readString(c.Old), readString(c.New))
	case "full_name":
		w.single(partName, readString(c.Old), readString(c.New))
	case "address":
		w.single(partAddress, readAddress(c.Old), readAddress(c.New))
	default:
		w.verdict.Stale = false
	}
}

// fresh tells whether the edit is newer than what was dealt with for the part, and notes it as dealt with.
func (w *weighing) fresh(part string) bool {
	if before, ok := w.seen[part]; ok && before.Revision >= w.revision {
		return false
	}
	w.verdict.Stale = false
	return true
}

// untouched tells whether the part is in Wise Agent as we last saw it; before we ever saw it, whether it is as Mojo had it.
func (w *weighing) untouched(part, old string) bool {
	current := w.current(part)
	if before, ok := w.seen[part]; ok && before.Known {
		return current == before.Value
	}
	return current == plainPart(part, old)
}

// current is the part as Wise Agent has it, counting what this edit has set already.
func (w *weighing) current(part string) string {
	if set, ok := w.verdict.Seen[part]; ok {
		return set.Value
	}
	return partOf(w.now, part)
}

// single weighs a part that a contact has once.
func (w *weighing) single(part, old, fresh string) {
	if fresh == "" || !w.fresh(part) {
		return // removed in Mojo: what Wise Agent has stays
	}
	switch current := w.current(part); {
	case current == plainPart(part, fresh):
		w.settle(part, fresh)
	case current == "" || w.untouched(part, old):
		w.set(part, fresh)
	default:
		w.remark(part, fresh)
	}
}

// phone weighs a number: it goes to its own field, to a free one when that holds another number that counts, and into a
// remark when all are taken.
func (w *weighing) phone(old, fresh media) {
	number, ok := tenDigits(fresh.Value)
	if !ok {
		if fresh.Value != "" && w.fresh(partFor(fresh.Type)) {
			w.remark(partFor(fresh.Type), fresh.Value)
		}
		return
	}
	own := partFor(fresh.Type)
	if !w.fresh(own) {
		return
	}
	for _, part := range []string{partMobile, partHome, partWork} {
		if w.current(part) == number {
			w.settle(part, number)
			return
		}
	}
	if own != partOther && (w.current(own) == "" || w.untouched(own, old.Value) && !w.stillInMojo(w.current(own))) {
		w.set(own, number)
		return
	}
	for _, part := range []string{partMobile, partHome, partWork} {
		if w.current(part) == "" {
			w.set(part, number)
			if own != partOther && own != part {
				w.settleRevision(own)
			}
			return
		}
	}
	w.remark(own, number)
}

// stillInMojo tells whether Mojo's contact has the number yet: then another one of its numbers was edited.
func (w *weighing) stillInMojo(number string) bool {
	return slices.ContainsFunc(w.whole.Media, func(m media) bool {
		n, ok := tenDigits(m.Value)
		return ok && n == number
	})
}

func (w *weighing) set(part, value string) {
	for name, v := range fieldsOf(w.now, part, value) {
		w.verdict.Set[name] = v
	}
	w.settle(part, value)
}

func (w *weighing) settle(part, value string) {
	w.verdict.Seen[part] = store.Field{Value: plainPart(part, value), Known: true, Revision: w.revision}
}

// settleRevision notes the edit as dealt with without a new value for the part.
func (w *weighing) settleRevision(part string) {
	before := w.seen[part]
	before.Revision = w.revision
	w.verdict.Seen[part] = before
}

func (w *weighing) remark(part, value string) {
	label := map[string]string{partName: "Name", partAddress: "Address", partEmail: "E-mail", partHome: "Home phone",
		partMobile: "Mobile phone", partWork: "Work phone", partOther: "Other phone"}[part]
	w.verdict.Remarks = append(w.verdict.Remarks, fmt.Sprintf("%s: %s", label, strings.ReplaceAll(value, addressMark, ", ")))
	if part != partOther {
		before, ok := w.verdict.Seen[part]
		if !ok {
			before = w.seen[part]
		}
		before.Revision = w.revision
		w.verdict.Seen[part] = before
	}
}

// partOther is a phone that has no field of its own in Wise Agent.
const partOther = "other"

func partFor(kind int) string {
	switch mojo.MediaType(kind) {
	case mojo.MediaHome:
		return partHome
	case mojo.MediaMobile:
		return partMobile
	case mojo.MediaWork:
		return partWork
	}
	return partOther
}

// addressMark parts the lines of an address as one text.
const addressMark = "\n"

// partOf reads a part of a Wise Agent contact in the form in which parts are compared.
func partOf(c wiseagent.Contact, part string) string {
	switch part {
	case partName:
		c.Company = ""
		return plainPart(part, displayName(c))
	case partEmail:
		return plainPart(part, c.Email)
	case partHome:
		return plainPart(part, c.HomePhone)
	case partMobile:
		return plainPart(part, c.MobilePhone)
	case partWork:
		return plainPart(part, c.WorkPhone)
	case partAddress:
		return plainPart(part, strings.Join([]string{joinWords(c.AddressNumber, c.AddressStreet, c.SuiteNo), c.City, c.State, c.Zip}, addressMark))
	}
	return ""
}

// snapshotOf is what a push, or a delivery, saw of a contact in Wise Agent.
func snapshotOf(c wiseagent.Contact) store.Snapshot {
	seen := store.Snapshot{ClientID: c.ClientID, Fields: make(map[string]store.Field)}
	for _, part := range []string{partName, partAddress, partHome, partMobile, partWork, partEmail} {
		seen.Fields[part] = store.Field{Value: partOf(c, part), Known: true}
	}
	return seen
}

// plainPart is the form in which parts are compared: phones as their digits, the rest without case and extra blanks.
func plainPart(part, value string) string {
	switch part {
	case partHome, partMobile, partWork:
		if read := readPhone(value); len(read.Numbers) == 1 && read.Text == "" {
			return read.Numbers[0]
		}
		return joinWords(value)
	case partAddress:
		lines := strings.Split(value, addressMark)
		for i := range lines {
			lines[i] = strings.ToLower(joinWords(lines[i]))
		}
		if joined := strings.Join(lines, addressMark); strings.Trim(joined, addressMark) != "" {
			return joined
		}
		return ""
	}
	return strings.ToLower(joinWords(value))
}

// fieldsOf names the fields of updateContact that hold a part (Wise Agent API, section 4). What of a name or an address is
// as it was stays in the fields in which it was.
func fieldsOf(now wiseagent.Contact, part, value string) map[string]string {
	switch part {
	case partName:
		first, last := splitName(value)
		return map[string]string{"CFirst": first, "Clast": last}
	case partEmail:
		return map[string]string{"CEmail": value}
	case partHome:
		return map[string]string{"HomePhone": phoneText(value)}
	case partMobile:
		return map[string]string{"MobilePhone": phoneText(value)}
	case partWork:
		return map[string]string{"WorkPhone": phoneText(value)}
	}
	lines := append(strings.Split(value, addressMark), "", "", "")
	number, street, suite := splitAddressAs(lines[0], now.AddressNumber, now.AddressStreet, now.SuiteNo)
	return map[string]string{
		"AddressNumber": number, "AddressStreet": street, "SuiteNo": suite, "City": lines[1], "State": lines[2], "Zip": lines[3],
	}
}

// phoneText is how a number is written into Wise Agent: (520) 555-0143.
func phoneText(digits string) string {
	if len(digits) != 10 {
		return digits
	}
	return "(" + digits[:3] + ") " + digits[3:6] + "-" + digits[6:]
}

func readString(raw json.RawMessage) string {
	var s string
	json.Unmarshal(raw, &s) // anything else is nothing
	return joinWords(s)
}

func readMedia(raw json.RawMessage) media {
	var m media
	json.Unmarshal(raw, &m) // anything else is nothing
	return m
}

func readAddress(raw json.RawMessage) string {
	var a struct {
		Address string `json:"address"`
		City    string `json:"city"`
		State   string `json:"state"`
		Zip     string `json:"zip_code"`
	}
	json.Unmarshal(raw, &a) // anything else is nothing
	if joinWords(a.Address, a.City, a.State, a.Zip) == "" {
		return ""
	}
	return strings.Join([]string{joinWords(a.Address), joinWords(a.City), joinWords(a.State), joinWords(a.Zip)}, addressMark)
}
