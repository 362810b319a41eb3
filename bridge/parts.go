package bridge

import (
	"encoding/json"
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

// partOther is a phone that has no field of its own in Wise Agent.
const partOther = "other"

// partLabels are how the parts are called in notes.
var partLabels = map[string]string{
	partName: "Name", partAddress: "Address", partEmail: "E-mail", partHome: "Home phone", partMobile: "Mobile phone",
	partWork: "Work phone", partOther: "Other phone",
}

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
		return nameFields(now, value)
	case partEmail:
		return map[string]string{"CEmail": value}
	case partHome:
		return map[string]string{"HomePhone": value}
	case partMobile:
		return map[string]string{"MobilePhone": value}
	case partWork:
		return map[string]string{"WorkPhone": value}
	}
	address, city, state, zip := addressLines(value)
	number, street, suite := splitAddressAs(address, now.AddressNumber, now.AddressStreet, now.SuiteNo)
	return map[string]string{
		"AddressNumber": number, "AddressStreet": street, "SuiteNo": suite, "City": city, "State": state, "Zip": zip,
	}
}

// nameFields names the fields that hold a name. That of a contact that is a company only is the company's, unless it is a person's
// name now; a company that came from Mojo has it in both places.
func nameFields(now wiseagent.Contact, value string) map[string]string {
	first, last := splitName(value)
	fields := map[string]string{"CFirst": first, "Clast": last}
	company := joinWords(now.Company)
	now.Company = ""
	switch name := displayName(now); {
	case company == "" || !isCompany(value):
	case name == "":
		return map[string]string{"Company": value}
	case name == company:
		fields["Company"] = value
	}
	return fields
}

// addressLines takes an address as one text apart.
func addressLines(value string) (address, city, state, zip string) {
	lines := append(strings.Split(value, addressMark), "", "", "")
	return lines[0], lines[1], lines[2], lines[3]
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

// readAddressee reads an e-mail, which may come as text or in the form of a phone.
func readAddressee(raw json.RawMessage) string {
	if s := readString(raw); s != "" {
		return s
	}
	return joinWords(readMedia(raw).Value)
}

// unreadable tells that Mojo has a new value of which nothing can be read. It would else pass for one that was removed.
func (c change) unreadable() bool {
	switch c.Field {
	case "full_name":
		return !fits[string](c.New)
	case "email":
		return readAddressee(c.New) == "" && !fits[string](c.New) && !fits[media](c.New)
	case "phone":
		return readMedia(c.New).Value == "" && !fits[media](c.New)
	case "address":
		return readAddress(c.New) == "" && !fits[mojoAddress](c.New)
	}
	return false
}

// fits tells whether a value, if there is any, has a form.
func fits[form any](raw json.RawMessage) bool {
	return len(raw) == 0 || json.Unmarshal(raw, new(form)) == nil
}

func readMedia(raw json.RawMessage) media {
	var m media
	json.Unmarshal(raw, &m) // anything else is nothing
	return m
}

// mojoAddress is an address in a change.
type mojoAddress struct {
	Address string `json:"address"`
	City    string `json:"city"`
	State   string `json:"state"`
	Zip     string `json:"zip_code"`
}

func readAddress(raw json.RawMessage) string {
	var a mojoAddress
	json.Unmarshal(raw, &a) // anything else is nothing
	if joinWords(a.Address, a.City, a.State, a.Zip) == "" {
		return ""
	}
	return strings.Join([]string{joinWords(a.Address), joinWords(a.City), joinWords(a.State), joinWords(a.Zip)}, addressMark)
}
