package bridge

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"addtomojo/mojo"
	"addtomojo/wiseagent"
)

func TestDisplayName(t *testing.T) {
	for _, test := range []struct {
		c    wiseagent.Contact
		want string
	}{
		{wiseagent.Contact{First: "Ann", Last: "Lee", Company: "Lee Homes"}, "Ann Lee"},
		{wiseagent.Contact{First: " Ann ", Last: ""}, "Ann"},
		{wiseagent.Contact{Company: "Cactus Wren  Holdings LLC"}, "Cactus Wren Holdings LLC"},
		{wiseagent.Contact{First: "\x02José", Last: "van der\nBerg"}, "José van der Berg"},
		{wiseagent.Contact{}, ""},
	} {
		if got := displayName(test.c); got != test.want {
			t.Errorf("displayName(%+v) = %q, want %q", test.c, got, test.want)
		}
	}
}

func TestOutgoingSendsWhatMojoTakes(t *testing.T) {
	c := wiseagent.Contact{
		ClientID: "26855", First: "Ann", Last: "Lee", Email: "ann@example.com; ann.lee@example.org",
		HomePhone: "(520) 555-0143", MobilePhone: "520.555.0144 ext 4", WorkPhone: "ask for Bob, 520-555-0143",
		AddressNumber: "12", AddressStreet: "N Oak St", SuiteNo: "Apt 4", City: "Tucson", State: "AZ", Zip: "85701",
	}
	notes := []wiseagent.Note{{ID: 3, Subject: "Spring", Text: "<p>Wants a <b>valuation</b></p>", Date: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)}}
	got := outgoing(c, readPhones(c), notes, 12, false)
	want := mojo.Contact{
		APIContactID: "wa-26855", FullName: "Ann Lee", GroupIDs: []int64{12},
		Address: "12 N Oak St Apt 4", City: "Tucson", State: "AZ", Zip: "85701",
		Media: []mojo.Media{
			{Type: mojo.MediaHome, Value: "5205550143"}, {Type: mojo.MediaMobile, Value: "5205550144"},
			{Type: mojo.MediaEmail, Value: "ann@example.com"}, {Type: mojo.MediaEmail, Value: "ann.lee@example.org"},
		},
		Notes: []string{
			"From Wise Agent's phone and e-mail fields: Mobile phone: ext 4; Work phone: ask for Bob",
			"Nov 3, 2026 · Spring\nWants a valuation",
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("outgoing gives\n%+v, want\n%+v", got, want)
	}
	if again := outgoing(c, readPhones(c), nil, 12, true); len(again.Notes) != 0 {
		t.Errorf("a known contact gets the notes %q, want none: they were sent the first time", again.Notes)
	}
}

func TestNewNotesPicksTheNewestTwentyOnce(t *testing.T) {
	var all []wiseagent.Note
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for i := 1; i <= 30; i++ {
		all = append(all, wiseagent.Note{ID: int64(i), Subject: fmt.Sprint("note ", i), Text: "text", Date: day(i)})
	}
	all = append(all,
		wiseagent.Note{ID: 31, Subject: "Mojo call: Contact", Text: "Contact\n\nMojo call #90210", Date: day(31)},
		wiseagent.Note{ID: 32, Date: day(31)})

	got, highest := newNotes(all, 0)
	if len(got) != 20 || got[0].ID != 11 || got[19].ID != 30 || highest != 32 {
		t.Errorf("newNotes picks %d notes from %d to %d, highest %d; want the 20 from 11 to 30, highest 32", len(got), got[0].ID, got[len(got)-1].ID, highest)
	}
	if got, highest := newNotes(all, 28); len(got) != 2 || got[0].ID != 29 || highest != 32 {
		t.Errorf("after note 28 newNotes picks %d, highest %d; want 29 and 30, highest 32", len(got), highest)
	}
	if got, highest := newNotes(all, 32); len(got) != 0 || highest != 32 {
		t.Errorf("after note 32 newNotes picks %d, highest %d; want none, 32", len(got), highest)
	}
}

func TestNotesWithNothingInThemAreNotSent(t *testing.T) {
	for _, n := range []wiseagent.Note{
		{ID: 1, Subject: " \t ", Text: "<p> </p>"},
		{ID: 2, Subject: "\u00a0", Text: "\x01"},
		{ID: 3, Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Subject: "  "},
	} {
		if got, _ := newNotes([]wiseagent.Note{n}, 0); len(got) != 0 {
			t.Errorf("note %q %q is sent as %q, want it left out", n.Subject, n.Text, noteText(n))
		}
	}
}

func TestRemarksAreCutLikeNotes(t *testing.T) {
	c := wiseagent.Contact{ClientID: "1", First: "Ann", HomePhone: strings.Repeat("ask for Bob ", 1000)}
	if got := outgoing(c, readPhones(c), nil, 12, false); len(got.Notes) != 1 || utf8.RuneCountInString(got.Notes[0]) != noteLength {
		t.Errorf("a phone field of 12,000 characters gives %d notes, want one of 4,000 characters", len(got.Notes))
	}
}

func TestReachableReadsEmailsAsPeopleWriteThem(t *testing.T) {
	for _, test := range []struct {
		field, emails, remarks string
	}{
		{"ann@example.com", "ann@example.com", ""},
		{"Ann Lee <ann@example.com>", "ann@example.com", "E-mail: Ann Lee"},
		{"mailto:ann@example.com.", "ann@example.com", ""},
		{"Ann@Example.com, ann@example.com", "Ann@Example.com", ""},
		{"(ann@example.com)/\"bob@example.org\"", "ann@example.com bob@example.org", ""},
		{"none", "", "E-mail: none"},
		{"a@b@c", "", "E-mail: a@b@c"},
		{"@example.com", "", "E-mail: @example.com"},
		{"ann@localhost", "", "E-mail: ann@localhost"},
		{" \t ", "", ""},
	} {
		media, remarks := reachable(wiseagent.Contact{Email: test.field}, nil)
		var emails []string
		for _, m := range media {
			emails = append(emails, m.Value)
		}
		if got := strings.Join(emails, " "); got != test.emails || strings.Join(remarks, " ") != test.remarks {
			t.Errorf("e-mail field %q gives %q, remarks %q; want %q, %q", test.field, got, remarks, test.emails, test.remarks)
		}
	}
}

func TestReadIDs(t *testing.T) {
	ids, err := readIDs(" 26855,V12, 26855 ,,v13 ")
	if err != nil || strings.Join(ids, " ") != "26855 V12 V13" {
		t.Errorf("readIDs = %q, %v; want each id once, in order", ids, err)
	}
	if ids, err := readIDs("0026855,26855,V007,V7"); err != nil || strings.Join(ids, " ") != "26855 V7" {
		t.Errorf("readIDs with leading zeros = %q, %v; want the same contact once", ids, err)
	}
	if _, err := readIDs("0,V00"); err == nil {
		t.Error("readIDs takes 0 for a contact's id")
	}
	if _, err := readIDs(" , ,"); err != ErrNothingSelected {
		t.Errorf("readIDs of nothing: %v, want ErrNothingSelected", err)
	}
	var many []string
	for i := range MaxSelected + 1 {
		many = append(many, fmt.Sprint(i+1))
	}
	if ids, err := readIDs(strings.Join(many[:MaxSelected], ",")); err != nil || len(ids) != MaxSelected {
		t.Errorf("readIDs of %d: %d, %v; want all", MaxSelected, len(ids), err)
	}
	if _, err := readIDs(strings.Join(many, ",")); err == nil || err.Error() != "5001 contacts are selected, at most 5000 go at once" {
		t.Errorf("readIDs of 5001: %v, want a TooManyError", err)
	}
	if _, err := readIDs("26855,abc,12;drop,V"); err == nil || err.Error() != "not a contact's id: abc, 12;drop, V" {
		t.Errorf("readIDs of words: %v, want them named", err)
	}
}

func TestLandingStaysOnTheAccountsHost(t *testing.T) {
	for _, test := range []struct{ template, account, want string }{
		{"", "https://kate.mojosells.com", "https://kate.mojosells.com/my-data/?group_id=12"},
		{"", "http://127.0.0.1:8082", "http://127.0.0.1:8082/my-data/?group_id=12"},
		{"{account_url}/d/{group_id}", "https://kate.mojosells.com", "https://kate.mojosells.com/d/12"},
		{"", "http://kate.mojosells.com", ""},
		{"", "https://kate@evil.example.com", ""},
		{"https://evil.example.com/{group_id}", "https://kate.mojosells.com", ""},
		{"{account_url}.evil.example.com/{group_id}", "https://kate.mojosells.com", ""},
		{"{account_url}@evil.example.com/{group_id}", "https://kate.mojosells.com", ""},
		{"", "javascript:alert(1)", ""},
		{"", "", ""},
	} {
		got, err := landing(test.template, test.account, 12)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("landing(%q, %q) = %q, %v; want %q", test.template, test.account, got, err, test.want)
		}
	}
}

func TestMaskEmail(t *testing.T) {
	for email, want := range map[string]string{
		"jane@kw.com": "j***@kw.com", "J@kw.com": "j***@kw.com", "": "***", "@kw.com": "***", "émile@kw.com": "é***@kw.com",
	} {
		if got := maskEmail(email); got != want {
			t.Errorf("maskEmail(%q) = %q, want %q", email, got, want)
		}
	}
}
