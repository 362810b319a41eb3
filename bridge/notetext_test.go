package bridge

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"addtomojo/mojo"
)

// zoneNamed loads a zone of the IANA database.
func zoneNamed(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// reached is a call with everything there is to tell.
func reached(t *testing.T) callFacts {
	return callFacts{
		ID: "90210", Result: "contact", Phone: "5205550143", PhoneType: mojo.MediaMobile,
		StartedAt: time.Date(2026, 11, 22, 17, 1, 40, 0, time.UTC), Length: 91 * time.Second, Agent: "Dana Ruiz", Group: "Hot Lead",
		Text: "Wants a valuation\r\nin spring", Recording: "https://mojo.example.com/r/90210.mp3", Zone: zoneNamed(t, "America/Phoenix"),
	}
}

func TestCallNote(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*callFacts)
		subject string
		body    string
	}{
		{"everything", func(*callFacts) {}, "Mojo call: Contact", `Result: Contact
Number: (520) 555-0143 (mobile)
When: Sun, Nov 22, 2026, 10:01 AM MST
Length: 1 min 31 s
Agent: Dana Ruiz
Group: Hot Lead

Wants a valuation
in spring

Recording: https://mojo.example.com/r/90210.mp3

Mojo call #90210`},
		{"DNC contact", func(c *callFacts) { c.Result, c.Text, c.Recording, c.Group = "dnc_contact", "", "", "" }, "Mojo call: DNC Contact", `Result: DNC Contact
Number: (520) 555-0143 (mobile)
Do not call: this contact, on any number
When: Sun, Nov 22, 2026, 10:01 AM MST
Length: 1 min 31 s
Agent: Dana Ruiz

Mojo call #90210`},
		{"DNC number", func(c *callFacts) { c.Result, c.Text, c.Recording, c.Agent = "dnc_number", "", "", "" }, "Mojo call: DNC Number", `Result: DNC Number
Number: (520) 555-0143 (mobile)
Do not call: (520) 555-0143
When: Sun, Nov 22, 2026, 10:01 AM MST
Length: 1 min 31 s
Group: Hot Lead

Mojo call #90210`},
		{"nothing but the id", func(c *callFacts) { *c = callFacts{ID: "90210"} }, "Mojo call: No result", "Result: No result\n\nMojo call #90210"},
		{"only a result", func(c *callFacts) { *c = callFacts{ID: "90210", Result: "no_answer"} }, "Mojo call: No Answer", "Result: No Answer\n\nMojo call #90210"},
		{"DNC without a number", func(c *callFacts) { *c = callFacts{ID: "90210", Result: "dnc_number"} }, "Mojo call: DNC Number", "Result: DNC Number\n\nMojo call #90210"},
		{"only a text", func(c *callFacts) { *c = callFacts{ID: "90210", Result: "other", Text: " hi "} }, "Mojo call: Other", "Result: Other\n\nhi\n\nMojo call #90210"},
		{"no zone, odd number", func(c *callFacts) {
			*c = callFacts{ID: "7", Result: "fax", Phone: "+44 20 7946 0958", PhoneType: mojo.MediaOther, StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		}, "Mojo call: Fax", "Result: Fax\nNumber: +44 20 7946 0958\nWhen: Fri, Jan 2, 2026, 3:04 AM UTC\n\nMojo call #7"},
		{"unknown result", func(c *callFacts) { *c = callFacts{ID: "7", Result: "call_back_later"} }, "Mojo call: call_back_later", "Result: call_back_later\n\nMojo call #7"},
		{"tags and lines", func(c *callFacts) {
			*c = callFacts{ID: "7", Result: "<b>x</b>\n", Agent: "A\nB<img src=x>", Text: "5 < 6 <script>alert(1)</script>\n\n\n\nMojo call #1\x00", Recording: "javascript:alert(1)"}
		}, "Mojo call: < b>x< /b>", "Result: < b>x< /b>\nAgent: A B< img src=x>\n\n5 < 6 < script>alert(1)< /script>\n\nMojo call #1\n\nMojo call #7"},
	} {
		c := reached(t)
		test.change(&c)
		subject, body := callNote(c)
		if subject != test.subject || body != test.body {
			t.Errorf("%s: got %q\n%s\nwant %q\n%s", test.name, subject, body, test.subject, test.body)
		}
	}
}

// All sixteen results of Mojo read as its users know them, and every note about them is known as ours.
func TestCallNoteOfEveryResult(t *testing.T) {
	results := map[string]string{
		"contact": "Contact", "no_contact_next_record": "No Contact - Next Record", "no_contact_next_number": "No Contact - Next Number",
		"bad_number": "Bad Number", "drop_voicemail": "Drop Voicemail", "voicemail": "Voicemail", "dnc_contact": "DNC Contact",
		"dnc_number": "DNC Number", "skipped": "Skipped", "no_answer": "No Answer", "incomplete": "Incomplete", "fax": "Fax",
		"disconnected": "Disconnected", "busy": "Busy", "other": "Other", "answering_machine": "Answering Machine",
	}
	if len(results) != 16 || len(resultNames) != 16 {
		t.Fatalf("got %d results and %d names, want 16 of each", len(results), len(resultNames))
	}
	for slug, name := range results {
		c := reached(t)
		c.Result = slug
		subject, body := callNote(c)
		if subject != "Mojo call: "+name || !strings.HasPrefix(body, "Result: "+name+"\nNumber: (520) 555-0143 (mobile)\n") {
			t.Errorf("%s: got %q\n%s", slug, subject, body)
		}
		if got := strings.Contains(body, "Do not call: "); got != strings.HasPrefix(slug, "dnc_") {
			t.Errorf("%s: says do not call: %v", slug, got)
		}
		if !ownNote.MatchString(plainText(body)) || !strings.HasSuffix(body, "\nMojo call #90210") {
			t.Errorf("%s: the note is not known as ours:\n%s", slug, body)
		}
	}
}

// Both edges of daylight saving time, a minute before and after, where the customer is.
func TestCallNoteShowsTheCustomersTime(t *testing.T) {
	beforeSpring, afterSpring := time.Date(2026, 3, 8, 9, 59, 0, 0, time.UTC), time.Date(2026, 3, 8, 10, 0, 0, 0, time.UTC)
	beforeFall, afterFall := time.Date(2026, 11, 1, 8, 59, 0, 0, time.UTC), time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		zone string
		at   time.Time
		want string
	}{
		{"America/Los_Angeles", beforeSpring, "Sun, Mar 8, 2026, 1:59 AM PST"},
		{"America/Los_Angeles", afterSpring, "Sun, Mar 8, 2026, 3:00 AM PDT"},
		{"America/Los_Angeles", beforeFall, "Sun, Nov 1, 2026, 1:59 AM PDT"},
		{"America/Los_Angeles", afterFall, "Sun, Nov 1, 2026, 1:00 AM PST"},
		{"America/Denver", beforeSpring, "Sun, Mar 8, 2026, 3:59 AM MDT"},
		{"America/Phoenix", beforeSpring, "Sun, Mar 8, 2026, 2:59 AM MST"},
		{"America/Phoenix", afterFall, "Sun, Nov 1, 2026, 2:00 AM MST"},
		{"America/Chicago", time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC), "Sun, Nov 1, 2026, 1:30 AM CDT"},
		{"America/Chicago", time.Date(2026, 11, 1, 7, 30, 0, 0, time.UTC), "Sun, Nov 1, 2026, 1:30 AM CST"},
		{"America/New_York", afterSpring, "Sun, Mar 8, 2026, 6:00 AM EDT"},
		{"Pacific/Honolulu", afterSpring, "Sun, Mar 8, 2026, 12:00 AM HST"},
		{"Pacific/Honolulu", beforeSpring, "Sat, Mar 7, 2026, 11:59 PM HST"},
		{"America/St_Johns", beforeFall, "Sun, Nov 1, 2026, 5:29 AM NST"},
	} {
		c := reached(t)
		c.StartedAt, c.Zone = test.at, zoneNamed(t, test.zone)
		if _, body := callNote(c); !strings.Contains(body, "\nWhen: "+test.want+"\n") {
			t.Errorf("%s, %s: want %q in\n%s", test.zone, test.at, test.want, body)
		}
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "", 0: "", 400 * time.Millisecond: "", time.Second: "1 s", 45 * time.Second: "45 s", time.Minute: "1 min",
		91 * time.Second: "1 min 31 s", 59*time.Minute + 59*time.Second: "59 min 59 s", time.Hour: "1 h", 3723 * time.Second: "1 h 2 min 3 s",
		time.Hour + 5*time.Second: "1 h 5 s", 26 * time.Hour: "26 h",
	} {
		if got := length(d); got != want {
			t.Errorf("length(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestShownNumber(t *testing.T) {
	for phone, want := range map[string]string{
		"": "", "5205550143": "(520) 555-0143", "+15205550143": "(520) 555-0143", "520-555-0143": "(520) 555-0143",
		"0005550143": "(000) 555-0143", "5550143": "5550143", "ask for Bob": "ask for Bob", "1234567 x9": "1234567 x9", "日本語x": "日本語x",
	} {
		if got := shownNumber(phone); got != want {
			t.Errorf("shownNumber(%q) = %q, want %q", phone, got, want)
		}
	}
}

// However long a text is, the note's last line tells which one it is.
func TestLongTextsKeepTheMark(t *testing.T) {
	long := strings.Repeat("é \n", 20_000)
	_, call := callNote(callFacts{ID: "90210", Result: "contact", Text: long, Agent: long, Group: long, Phone: long})
	_, note := mojoNoteText(noteFacts{ID: "7", Text: strings.Repeat("é", 20_000)})
	_, activity := activityNote(activityFacts{ID: "12", Revision: 3, Type: "Appointment", Title: long, Description: strings.Repeat("é", 20_000)})
	for body, want := range map[string]string{call: "Mojo call #90210", note: "Mojo note #7", activity: "Mojo activity #12.3"} {
		if !strings.HasSuffix(body, "\n"+want) || !ownNote.MatchString(plainText(body)) {
			t.Errorf("got a note that ends in %q, want %q", body[len(body)-40:], want)
		}
		if n := utf8.RuneCountInString(body); n > 2*longText+1000 {
			t.Errorf("%s: got %d characters, want the long texts cut", want, n)
		}
	}
	if !strings.Contains(note, longMark) {
		t.Errorf("a cut note does not say so")
	}
	subject, _ := callNote(callFacts{ID: "1", Result: strings.Repeat("x", 500)})
	if n := utf8.RuneCountInString(subject); n > 120 {
		t.Errorf("got a subject of %d characters", n)
	}
}

func TestMojoNoteText(t *testing.T) {
	at := time.Date(2026, 11, 22, 17, 1, 40, 0, time.UTC)
	for _, test := range []struct {
		note noteFacts
		want string
	}{
		{noteFacts{ID: "7", Text: "Likes dogs\n\n\n\nand cats ", Agent: "Dana Ruiz", CreatedAt: at, Zone: zoneNamed(t, "America/New_York")},
			"Likes dogs\n\nand cats\n\nWritten in Mojo by Dana Ruiz on Sun, Nov 22, 2026, 12:01 PM EST\n\nMojo note #7"},
		{noteFacts{ID: "7", Text: "Likes dogs", Agent: "Dana Ruiz"}, "Likes dogs\n\nWritten in Mojo by Dana Ruiz\n\nMojo note #7"},
		{noteFacts{ID: "7", Text: "Likes dogs", CreatedAt: at}, "Likes dogs\n\nWritten in Mojo on Sun, Nov 22, 2026, 5:01 PM UTC\n\nMojo note #7"},
		{noteFacts{ID: "7", Text: "<p>Likes</p>"}, "< p>Likes< /p>\n\nMojo note #7"},
		{noteFacts{ID: "7"}, "Mojo note #7"},
	} {
		subject, body := mojoNoteText(test.note)
		if subject != "Mojo note" || body != test.want {
			t.Errorf("got %q\n%s\nwant\n%s", subject, body, test.want)
		}
		if !ownNote.MatchString(plainText(body)) {
			t.Errorf("the note is not known as ours:\n%s", body)
		}
	}
}

func TestActivityNote(t *testing.T) {
	a := activityFacts{ID: "12", Revision: 3, Type: "Appointment", Title: "Valuation", Description: "Bring\nthe keys", Agent: "Dana Ruiz",
		StartsAt: time.Date(2026, 11, 25, 22, 30, 0, 0, time.UTC), Zone: zoneNamed(t, "America/Phoenix")}
	subject, body := activityNote(a)
	want := "Appointment: Valuation\nWhen: Wed, Nov 25, 2026, 3:30 PM MST\nAgent: Dana Ruiz\n\nBring\nthe keys\n\nMojo activity #12.3"
	if subject != "Mojo activity: Appointment" || body != want {
		t.Errorf("got %q\n%s\nwant\n%s", subject, body, want)
	}
	_, body = activityNote(activityFacts{ID: "12", Revision: 4, Type: "Follow-up call", Date: "2026-11-25", Description: "x", Zone: a.Zone})
	if want := "Follow-up call\nWhen: Wed, Nov 25, 2026\n\nx\n\nMojo activity #12.4"; body != want {
		t.Errorf("got\n%s\nwant\n%s", body, want)
	}
}

func FuzzCallNote(f *testing.F) {
	f.Add("90210", "contact", "5205550143", "Dana", "text\nMojo call #1", "https://mojo.example.com/1")
	f.Fuzz(func(t *testing.T, id, result, phone, agent, text, recording string) {
		_, body := callNote(callFacts{ID: id, Result: result, Phone: phone, Agent: agent, Group: agent, Text: text, Recording: recording})
		lines := strings.Split(body, "\n")
		if !strings.HasPrefix(lines[len(lines)-1], "Mojo call #") || htmlTag.MatchString(body) {
			t.Errorf("got a note without its mark at the end, or with a tag:\n%s", body)
		}
	})
}
