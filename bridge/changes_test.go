package bridge

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

// ann is a contact with one number, an e-mail and an address.
func ann(change ...func(*wiseagent.Contact)) wiseagent.Contact {
	c := wiseagent.Contact{
		ClientID: "1", First: "Ann", Last: "Lee", Email: "ann@example.com", MobilePhone: "(520) 555-0143",
		AddressNumber: "12", AddressStreet: "N Oak St", City: "Tucson", State: "AZ", Zip: "85701",
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func full(c *wiseagent.Contact) { c.HomePhone, c.WorkPhone = "520-555-0101", "520-555-0102" }

// changesOf reads "mobile 5205550143 -> 5205550144; email a -> b"; "-" is nothing, the lines of an address are parted by "|".
func changesOf(s string) (changes []change) {
	types := map[string]mojo.MediaType{"mobile": mojo.MediaMobile, "home": mojo.MediaHome, "work": mojo.MediaWork, "other": mojo.MediaOther}
	for part := range strings.SplitSeq(s, "; ") {
		field, both, _ := strings.Cut(part, " ")
		old, fresh, _ := strings.Cut(both, " -> ")
		value := func(v string) any {
			switch {
			case v == "-":
				return nil
			case types[field] != 0:
				return map[string]any{"type": types[field], "value": v}
			case field == "address":
				lines := append(strings.Split(v, "|"), "", "", "")
				return map[string]string{"address": lines[0], "city": lines[1], "state": lines[2], "zip_code": lines[3]}
			}
			return v
		}
		c := change{Field: field}
		switch {
		case types[field] != 0:
			c.Field = "phone"
		case field == "name":
			c.Field = "full_name"
		}
		c.Old, _ = json.Marshal(value(old)) // plain values
		c.New, _ = json.Marshal(value(fresh))
		changes = append(changes, c)
	}
	return changes
}

// hasMedia are phones and e-mails that Mojo has after the edit, "mobile:5205550143 email:a@example.com".
func hasMedia(s string) (c mojoContact) {
	types := map[string]mojo.MediaType{"mobile": mojo.MediaMobile, "home": mojo.MediaHome, "work": mojo.MediaWork, "other": mojo.MediaOther, "email": mojo.MediaEmail}
	for word := range strings.FieldsSeq(s) {
		kind, value, _ := strings.Cut(word, ":")
		c.Media = append(c.Media, media{int(types[kind]), value})
	}
	return c
}

func TestWeigh(t *testing.T) {
	changed := func(c *wiseagent.Contact) { c.MobilePhone = "602-555-0111" }
	mail := func(c *wiseagent.Contact) { c.Email = "new@example.com" }
	mails := func(c *wiseagent.Contact) { c.Email = "ann@example.com; Bob <bob@example.com>" }
	longer := func(c *wiseagent.Contact) { c.Email = "joann@example.com, ann@example.com" }
	noMail := func(c *wiseagent.Contact) { c.Email = "bounces" }
	company := func(c *wiseagent.Contact) { c.First, c.Last, c.Company = "", "", "Acme LLC" }
	sent := func(c *wiseagent.Contact) { c.First, c.Last, c.Company = "Acme LLC", "-", "Acme LLC" }
	for _, test := range []struct {
		name    string
		then    wiseagent.Contact // as last seen; without a ClientID never seen
		now     wiseagent.Contact
		mojo    string
		dealt   map[string]int64 // revisions that were dealt with
		changes string           // of revision 5
		want    string           // fields that are set, then remarks
	}{
		{"edited", ann(), ann(), "mobile:5205550199", nil, "mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"edited, Mojo tells no whole", ann(), ann(), "", nil, "mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"edited, punctuation", ann(), ann(), "", nil, "mobile +1(520)555-0143 -> 520.555.0199", "MobilePhone=(520) 555-0199"},
		{"an edit between was missed", ann(), ann(), "mobile:5205550199", nil, "mobile 5205550150 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"reformatted in Wise Agent is unchanged", ann(), ann(func(c *wiseagent.Contact) { c.MobilePhone = "520.555.0143" }), "", nil,
			"mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"never seen, as Mojo had it", wiseagent.Contact{}, ann(), "", nil, "mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"never seen, another one", wiseagent.Contact{}, ann(changed), "", nil, "mobile 5205550143 -> 5205550199", "HomePhone=(520) 555-0199"},
		{"is there already", ann(), ann(), "mobile:5205550143", nil, "mobile - -> 5205550143", ""},
		{"is there in another field", ann(), ann(), "", nil, "work - -> 5205550143", ""},
		{"is there among words", ann(), ann(func(c *wiseagent.Contact) { c.HomePhone = "520-555-0150 ask for Bob" }), "", nil, "home - -> 5205550150", ""},
		{"added to a free field", ann(), ann(), "mobile:5205550143 work:5205550150", nil, "work - -> 5205550150", "WorkPhone=(520) 555-0150"},
		{"added beside one of the type", ann(), ann(), "mobile:5205550143 mobile:5205550150", nil, "mobile - -> 5205550150", "HomePhone=(520) 555-0150"},
		{"added beside one, no whole", ann(), ann(), "", nil, "mobile - -> 5205550150", "HomePhone=(520) 555-0150"},
		{"added, home taken", ann(), ann(func(c *wiseagent.Contact) { c.HomePhone = "520-555-0101" }), "", nil, "mobile - -> 5205550150", "WorkPhone=(520) 555-0150"},
		{"added, all taken", ann(full), ann(full), "", nil, "mobile - -> 5205550150", "| Mobile phone: (520) 555-0150"},
		{"other to a free field", ann(), ann(), "", nil, "other - -> 5205550150", "HomePhone=(520) 555-0150"},
		{"other edited where it is", ann(full), ann(full), "", nil, "other 5205550102 -> 5205550150", "WorkPhone=(520) 555-0150"},
		{"other, all taken", ann(full), ann(full), "", nil, "other - -> 5205550150", "| Other phone: (520) 555-0150"},
		{"conflict, free field", ann(), ann(changed), "", nil, "mobile 5205550143 -> 5205550199", "HomePhone=(520) 555-0199"},
		{"conflict, all taken", ann(full), ann(full, changed), "", nil, "mobile 5205550143 -> 5205550199", "| Mobile phone: (520) 555-0199"},
		{"emptied in Wise Agent, edited in Mojo", ann(), ann(func(c *wiseagent.Contact) { c.MobilePhone = "" }), "", nil,
			"mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"the old one was moved in Wise Agent", ann(), ann(func(c *wiseagent.Contact) { c.HomePhone, c.MobilePhone = c.MobilePhone, "" }), "", nil,
			"mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"its type changed", ann(), ann(), "work:5205550143", nil, "work 5205550143 -> 5205550143", ""},
		{"words stay", ann(func(c *wiseagent.Contact) { c.MobilePhone += " evenings" }), ann(func(c *wiseagent.Contact) { c.MobilePhone += " evenings" }), "", nil,
			"mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199 evenings"},
		{"two numbers in a field stay", ann(func(c *wiseagent.Contact) { c.MobilePhone += " / 520-555-0150" }), ann(func(c *wiseagent.Contact) { c.MobilePhone += " / 520-555-0150" }), "", nil,
			"mobile 5205550143 -> 5205550199", "HomePhone=(520) 555-0199"},
		{"removed", ann(), ann(), "", nil, "mobile 5205550143 -> -", "removed"},
		{"no number", ann(), ann(), "", nil, "mobile 5205550143 -> 12", "| Mobile phone: 12"},
		{"a number of another country", ann(), ann(), "", nil, "mobile 5205550143 -> +442079460958", "| Mobile phone: +442079460958"},
		{"older", ann(), ann(), "", map[string]int64{partMobile: 6}, "mobile 5205550143 -> 5205550199", "stale"},
		{"the same revision again", ann(), ann(), "", map[string]int64{partMobile: 5}, "mobile 5205550143 -> 5205550199", "stale"},
		{"newer", ann(), ann(), "", map[string]int64{partMobile: 4}, "mobile 5205550143 -> 5205550199", "MobilePhone=(520) 555-0199"},
		{"older in one part only", ann(), ann(), "", map[string]int64{partMobile: 6}, "mobile 5205550143 -> 5205550199; email ann@example.com -> b@example.com", "CEmail=b@example.com"},
		{"two numbers of one edit", ann(), ann(), "", nil, "home - -> 5205550150; work - -> 5205550151", "HomePhone=(520) 555-0150 WorkPhone=(520) 555-0151"},
		{"two of a type in one edit", ann(), ann(), "", nil, "mobile - -> 5205550150; mobile - -> 5205550151", "HomePhone=(520) 555-0150 WorkPhone=(520) 555-0151"},
		{"a conflict does not hide the next", ann(), ann(changed), "", nil, "mobile 5205550143 -> 5205550199; mobile - -> 6025550111", "HomePhone=(520) 555-0199"},
		{"a number moves up", ann(full), ann(full), "mobile:5205550101 home:5205550199", nil,
			"mobile 5205550143 -> 5205550101; home 5205550101 -> 5205550199", "HomePhone=(520) 555-0199 MobilePhone=(520) 555-0101"},
		{"a number moves up, told the other way round", ann(full), ann(full), "mobile:5205550101 home:5205550199", nil,
			"home 5205550101 -> 5205550199; mobile 5205550143 -> 5205550101", "HomePhone=(520) 555-0199 MobilePhone=(520) 555-0101"},
		{"all numbers move up", ann(full), ann(full), "mobile:5205550101 home:5205550102 work:5205550199", nil,
			"mobile 5205550143 -> 5205550101; home 5205550101 -> 5205550102; work 5205550102 -> 5205550199",
			"HomePhone=(520) 555-0102 MobilePhone=(520) 555-0101 WorkPhone=(520) 555-0199"},
		{"a number moves up, where Wise Agent has the new one elsewhere", ann(full), ann(full), "mobile:5205550101 home:5205550102", nil,
			"mobile 5205550143 -> 5205550101; home 5205550101 -> 5205550102", ""},
		{"a number has moved up before", ann(full), ann(full), "mobile:5205550101 home:5205550199", map[string]int64{partMobile: 4},
			"home 5205550101 -> 5205550199", "| Home phone: (520) 555-0199"},
		{"a number that Mojo has twice", ann(), ann(), "mobile:5205550143 home:5205550199", nil, "home 5205550143 -> 5205550199", "HomePhone=(520) 555-0199"},
		{"numbers change places", ann(full), ann(full), "mobile:5205550101 home:5205550143", nil, "mobile 5205550143 -> 5205550101; home 5205550101 -> 5205550143", ""},

		{"e-mail edited", ann(), ann(), "email:b@example.com", nil, "email ann@example.com -> b@example.com", "CEmail=b@example.com"},
		{"e-mail, case only", ann(), ann(), "", nil, "email ann@example.com -> ANN@example.com", ""},
		{"e-mail added to none", ann(), ann(func(c *wiseagent.Contact) { c.Email = "" }), "", nil, "email - -> b@example.com", "CEmail=b@example.com"},
		{"second e-mail", ann(), ann(), "email:ann@example.com email:b@example.com", nil, "email - -> b@example.com", "| E-mail: b@example.com"},
		{"second e-mail, no whole", ann(), ann(), "", nil, "email - -> b@example.com", "| E-mail: b@example.com"},
		{"second e-mail edited", ann(), ann(), "email:ann@example.com email:c@example.com", nil, "email b@example.com -> c@example.com", "| E-mail: c@example.com"},
		{"e-mail, an edit between was missed", ann(), ann(), "email:c@example.com", nil, "email b@example.com -> c@example.com", "CEmail=c@example.com"},
		{"e-mail conflict", ann(), ann(mail), "", nil, "email ann@example.com -> b@example.com", "| E-mail: b@example.com"},
		{"one of two e-mails in a field", ann(mails), ann(mails), "", nil, "email ANN@example.com -> c@example.com", "CEmail=c@example.com; Bob <bob@example.com>"},
		{"the other of two e-mails in a field", ann(mails), ann(mails), "", nil, "email bob@example.com -> c@example.com", "CEmail=ann@example.com; Bob <c@example.com>"},
		{"one that is the end of another", ann(longer), ann(longer), "", nil, "email ann@example.com -> c@example.com", "CEmail=joann@example.com, c@example.com"},
		{"an e-mail beside two in a field", ann(mails), ann(mails), "", nil, "email - -> c@example.com", "| E-mail: c@example.com"},
		{"an e-mail that is one of two in a field", ann(mails), ann(mails), "", nil, "email - -> bob@example.com", ""},
		{"two e-mails in a field, conflict", ann(), ann(mails), "", nil, "email ann@example.com -> c@example.com", "| E-mail: c@example.com"},
		{"e-mail with a word", ann(noMail), ann(noMail), "", nil, "email - -> c@example.com", "| E-mail: c@example.com"},
		{"e-mail removed", ann(), ann(), "", nil, "email ann@example.com -> -", "removed"},

		{"name", ann(), ann(), "", nil, "name Ann Lee -> Ann Ray", "CFirst=Ann Clast=Ray"},
		{"name, particle and suffix", ann(), ann(), "", nil, "name Ann Lee -> Ann van der Berg Jr.", "CFirst=Ann Clast=van der Berg Jr."},
		{"name, case only", ann(), ann(), "", nil, "name Ann Lee -> ANN LEE", ""},
		{"name, one word", ann(), ann(), "", nil, "name Ann Lee -> Cher", "CFirst=Cher Clast=-"},
		{"name conflict", ann(), ann(func(c *wiseagent.Contact) { c.Last = "Ray" }), "", nil, "name Ann Lee -> Anna Lee", "| Name: Anna Lee"},
		{"name changed alike on both sides", ann(), ann(func(c *wiseagent.Contact) { c.Last = "Ray" }), "", nil, "name Ann Lee -> Ann Ray", ""},
		{"name of a contact without one", ann(func(c *wiseagent.Contact) { c.First, c.Last = "", "" }), ann(func(c *wiseagent.Contact) { c.First, c.Last = "", "" }), "", nil,
			"name - -> Ann Ray", "CFirst=Ann Clast=Ray"},

		{"a company's name", ann(company), ann(company), "", nil, "name Acme LLC -> Acme Homes LLC", "Company=Acme Homes LLC"},
		{"a company's name, changed on both sides", ann(company), ann(func(c *wiseagent.Contact) { c.First, c.Last, c.Company = "", "", "Zenith LLC" }), "", nil,
			"name Acme LLC -> Acme Homes LLC", "| Name: Acme Homes LLC"},
		{"a company gets a person's name", ann(company), ann(company), "", nil, "name Acme LLC -> Ann Ray", "CFirst=Ann Clast=Ray"},
		{"a company that came from Mojo", ann(sent), ann(sent), "", nil, "name Acme LLC -> Acme Homes LLC", "CFirst=Acme Homes LLC Clast=- Company=Acme Homes LLC"},

		{"address", ann(), ann(), "", nil, "address 12 N Oak St|Tucson|AZ|85701 -> 415 W Elm Ave Apt 4|Mesa|AZ|85201",
			"AddressNumber=415 AddressStreet=W Elm Ave City=Mesa State=AZ SuiteNo=Apt 4 Zip=85201"},
		{"address, blanks and case only", ann(), ann(), "", nil, "address 12 N Oak St|Tucson|AZ|85701 -> 12  n oak st|TUCSON|AZ|85701", ""},
		{"address of a contact without one", wiseagent.Contact{ClientID: "1", First: "Ann"}, wiseagent.Contact{ClientID: "1", First: "Ann"}, "", nil, "address - -> PO Box 12|Mesa|AZ|85201",
			"AddressNumber= AddressStreet=PO Box 12 City=Mesa State=AZ SuiteNo= Zip=85201"},
		{"address conflict", ann(), ann(func(c *wiseagent.Contact) { c.Zip = "85702" }), "", nil, "address 12 N Oak St|Tucson|AZ|85701 -> 415 W Elm Ave|Mesa|AZ|85201",
			"| Address: 415 W Elm Ave, Mesa, AZ, 85201"},
		{"address removed", ann(), ann(), "", nil, "address 12 N Oak St|Tucson|AZ|85701 -> -", "removed"},
		{"unknown field", ann(), ann(), "", nil, "favorite_color - -> green", "nothing"},
		{"all at once", ann(), ann(mail), "", nil, "mobile 5205550143 -> 5205550199; email ann@example.com -> b@example.com; name Ann Lee -> Ann Ray",
			"CFirst=Ann Clast=Ray MobilePhone=(520) 555-0199 | E-mail: b@example.com"},
	} {
		seen := map[string]store.Field{}
		if test.then.ClientID != "" {
			seen = snapshotOf(test.then).Fields
		}
		for part, revision := range test.dealt {
			f := seen[part]
			f.Revision = revision
			seen[part] = f
		}
		v := weigh(test.now, hasMedia(test.mojo), seen, 5, changesOf(test.changes))
		if got := said(v); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if v.Stale || v.Removed || len(v.Seen) == 0 {
			continue
		}
		again := v
		if again = weigh(with(test.now, v), hasMedia(test.mojo), merged(seen, v.Seen), 5, changesOf(test.changes)); len(again.Set)+len(again.Remarks) > 0 {
			t.Errorf("%s: a second time it does %q, want nothing", test.name, said(again))
		}
	}
}

// What one save in Mojo removes beside what it changes is told when Wise Agent has it all the same.
func TestWeighTellsWhatStays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, mojo, changes, want string }{
		{"phone", "", "mobile 5205550143 -> -; name Ann Lee -> Ann Ray", "mobile phone"},
		{"phone, known there under another type", "", "work 5205550143 -> -; name Ann Lee -> Ann Ray", "mobile phone"},
		{"phone that got another type", "home:5205550143", "mobile 5205550143 -> -; home - -> 5205550143", ""},
		{"phone that Wise Agent hasn't", "", "work 5205550177 -> -; name Ann Lee -> Ann Ray", ""},
		{"e-mail", "", "email Ann@example.com -> -; mobile 5205550143 -> 5205550199", "e-mail"},
		{"e-mail that Wise Agent hasn't", "", "email b@example.com -> -; mobile 5205550143 -> 5205550199", ""},
		{"name and address", "", "name Ann Lee -> -; address 12 N Oak St|Tucson|AZ|85701 -> -; mobile 5205550143 -> 5205550199", "name, address"},
		{"parts of an address", "", "address 12 N Oak St|Tucson|AZ|85701 -> ||AZ|85702", "street, city"},
		{"parts that Mojo never had", "", "address |||85701 -> |||85702", ""},
	} {
		c := ann()
		v := weigh(c, hasMedia(test.mojo), snapshotOf(c).Fields, 5, changesOf(test.changes))
		if got := strings.Join(v.Stays, ", "); got != test.want {
			t.Errorf("%s: %q stays, want %q", test.name, got, test.want)
		}
		if after := with(c, v); after.City != c.City || after.AddressStreet != c.AddressStreet {
			t.Errorf("%s: the address becomes %+v, want street and city to stay", test.name, after)
		}
	}
}

func said(v verdict) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(v.Set)) {
		words = append(words, name+"="+v.Set[name])
	}
	if len(v.Remarks) > 0 {
		words = append(words, "|", strings.Join(v.Remarks, ", "))
	}
	switch {
	case len(v.Seen) > 0:
	case v.Stale:
		return "stale"
	case v.Removed:
		return "removed"
	default:
		return "nothing"
	}
	return strings.Join(words, " ")
}

// with is a contact after updateContact.
func with(c wiseagent.Contact, v verdict) wiseagent.Contact {
	for name, value := range v.Set {
		*map[string]*string{
			"CFirst": &c.First, "Clast": &c.Last, "Company": &c.Company, "CEmail": &c.Email, "HomePhone": &c.HomePhone, "MobilePhone": &c.MobilePhone, "WorkPhone": &c.WorkPhone,
			"AddressNumber": &c.AddressNumber, "AddressStreet": &c.AddressStreet, "SuiteNo": &c.SuiteNo, "City": &c.City, "State": &c.State, "Zip": &c.Zip,
		}[name] = value
	}
	return c
}

// merged are parts as the store has them after an outcome.
func merged(seen, fresh map[string]store.Field) map[string]store.Field {
	all := maps.Clone(seen)
	for part, f := range fresh {
		f.Revision = max(f.Revision, all[part].Revision)
		all[part] = f
	}
	return all
}

// However edits are shuffled and doubled, each field ends with its newest value, and no number that only Wise Agent has is lost.
func TestWeighShuffled(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := ann(full)
		seen := snapshotOf(c).Fields
		whole := map[string]string{"mobile": "5205550143", "home": "5205550101", "work": "5205550102", "email": "ann@example.com", "name": "Ann Lee"}
		type edit struct {
			revision int64
			changes  string
			media    string
		}
		var edits []edit
		for revision := range int64(20) {
			field := []string{"mobile", "home", "work", "email", "name"}[r.IntN(5)]
			fresh := fmt.Sprintf("602555%04d", 100+revision)
			switch field {
			case "email":
				fresh = fmt.Sprintf("ann%d@example.com", revision)
			case "name":
				fresh = fmt.Sprintf("Ann Lee%c", 'a'+rune(revision))
			}
			edits = append(edits, edit{revision + 1, field + " " + whole[field] + " -> " + fresh, ""})
			whole[field] = fresh
			for _, kind := range []string{"mobile", "home", "work", "email"} {
				edits[revision].media += kind + ":" + whole[kind] + " "
			}
		}
		edits = append(edits, edits[r.IntN(20)], edits[r.IntN(20)])
		r.Shuffle(len(edits), func(i, j int) { edits[i], edits[j] = edits[j], edits[i] })
		for _, e := range edits {
			v := weigh(c, hasMedia(e.media), seen, e.revision, changesOf(e.changes))
			if len(v.Remarks) > 0 {
				t.Fatalf("seed %d: remark %q, want none: nothing was changed in Wise Agent", seed, v.Remarks)
			}
			c, seen = with(c, v), merged(seen, v.Seen)
		}
		got := fmt.Sprint(partOf(c, partMobile), partOf(c, partHome), partOf(c, partWork), c.Email, displayName(c))
		want := fmt.Sprint(whole["mobile"], whole["home"], whole["work"], whole["email"], whole["name"])
		if got != want {
			t.Fatalf("seed %d: %q, want %q", seed, got, want)
		}
	}
}
