package bridge

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"addtomojo/mojo"
)

const (
	// longText is how many characters of a text from Mojo go into a note: with every one of them outside ASCII the
	// request is still below the 200 KB that classic ASP takes by default.
	longText    = 15000
	longMark    = " … (the whole text is in Mojo)"
	shortText   = 200 // of a name or a title within a line
	subjectText = 100
)

// resultNames are the call results by their slug, as the user sees them in Mojo (Mojo's API, part A4).
var resultNames = map[string]string{
	"contact":                "Contact",
	"no_contact_next_record": "No Contact - Next Record",
	"no_contact_next_number": "No Contact - Next Number",
	"bad_number":             "Bad Number",
	"drop_voicemail":         "Drop Voicemail",
	"voicemail":              "Voicemail",
	"dnc_contact":            "DNC Contact",
	"dnc_number":             "DNC Number",
	"skipped":                "Skipped",
	"no_answer":              "No Answer",
	"incomplete":             "Incomplete",
	"fax":                    "Fax",
	"disconnected":           "Disconnected",
	"busy":                   "Busy",
	"other":                  "Other",
	"answering_machine":      "Answering Machine",
}

// resultName is how a call result reads; one that we don't know is shown as Mojo wrote it.
func resultName(slug string) string {
	if name, ok := resultNames[slug]; ok {
		return name
	}
	if slug = oneLine(slug, subjectText); slug != "" {
		return slug
	}
	return "No result"
}

// callFacts is what the note about a call is made of. What is empty is left out of it.
type callFacts struct {
	ID        string
	Result    string // slug
	Phone     string // digits
	PhoneType mojo.MediaType
	StartedAt time.Time
	Length    time.Duration
	Agent     string
	Group     string
	Text      string // the agent's
	Recording string // URL
	Zone      *time.Location
}

// callNote is the note that logs a call. Its last line tells which one.
func callNote(c callFacts) (subject, body string) {
	result, phone := resultName(c.Result), oneLine(shownNumber(c.Phone), shortText)
	lines := []string{"Result: " + result}
	line := func(label, value string) {
		if value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	line("Number", numberOfType(phone, c.PhoneType))
	switch c.Result {
	case "dnc_contact":
		line("Do not call", "this contact, on any number")
	case "dnc_number":
		line("Do not call", phone)
	}
	line("When", clock(c.StartedAt, c.Zone))
	line("Length", length(c.Length))
	line("Agent", oneLine(c.Agent, shortText))
	line("Group", oneLine(c.Group, shortText))
	recording := ""
	if link := webLink(c.Recording); link != "" {
		recording = "Recording: " + link
	}
	return "Mojo call: " + result, paragraphs(strings.Join(lines, "\n"), manyLinesOf(c.Text), recording, "Mojo call #"+mark(c.ID))
}

// noteFacts is what the note about a note in Mojo is made of.
type noteFacts struct {
	ID        string
	Text      string
	Agent     string
	CreatedAt time.Time
	Zone      *time.Location
}

// mojoNoteText is a note that was written in Mojo. Its last line tells which one; it stays the same when the note is edited.
func mojoNoteText(n noteFacts) (subject, body string) {
	var by []string
	if agent := oneLine(n.Agent, shortText); agent != "" {
		by = append(by, "by "+agent)
	}
	if when := clock(n.CreatedAt, n.Zone); when != "" {
		by = append(by, "on "+when)
	}
	origin := ""
	if len(by) > 0 {
		origin = "Written in Mojo " + strings.Join(by, " ")
	}
	return "Mojo note", paragraphs(manyLinesOf(n.Text), origin, "Mojo note #"+mark(n.ID))
}

// activityFacts is what the note about an activity is made of whose texts are too long for the Call List.
type activityFacts struct {
	ID          string
	Revision    int64
	Type        string // as in the Call List
	Title       string
	Description string
	Agent       string
	StartsAt    time.Time // zero without a time
	Date        string    // the day, when there is no time
	Zone        *time.Location
}

// activityNote tells the whole title and description of an activity. Its last line tells which one, and which of its revisions.
func activityNote(a activityFacts) (subject, body string) {
	kind := oneLine(a.Type, subjectText)
	lines := []string{kind + ": " + oneLine(a.Title, longText)}
	if a.Title == "" {
		lines[0] = kind
	}
	when := clock(a.StartsAt, a.Zone)
	if day, err := time.Parse(time.DateOnly, a.Date); when == "" && err == nil {
		when = day.Format(dayLayout)
	}
	if when != "" {
		lines = append(lines, "When: "+when)
	}
	if agent := oneLine(a.Agent, shortText); agent != "" {
		lines = append(lines, "Agent: "+agent)
	}
	return "Mojo activity: " + kind, paragraphs(strings.Join(lines, "\n"), manyLinesOf(a.Description), fmt.Sprintf("Mojo activity #%s.%d", mark(a.ID), a.Revision))
}

const dayLayout = "Mon, Jan 2, 2006"

// clock is a time as people in the zone read it, with the zone's name, since an hour a year comes twice. Without
// a time it is nothing, without a zone UTC.
func clock(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format(dayLayout + ", 3:04 PM MST")
}

// length is a duration as "1 min 31 s", nothing when there was none.
func length(d time.Duration) string {
	seconds := int(d.Round(time.Second) / time.Second)
	if seconds <= 0 {
		return ""
	}
	var parts []string
	for _, unit := range []struct {
		name    string
		seconds int
	}{{"h", 3600}, {"min", 60}, {"s", 1}} {
		if n := seconds / unit.seconds; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
		}
		seconds %= unit.seconds
	}
	return strings.Join(parts, " ")
}

// shownNumber is a number as people read it: (520) 555-0143. What is no number of ten digits stays as it is.
func shownNumber(phone string) string {
	digits := strings.TrimSpace(phone)
	if !bareTen(digits) { // as nearly all come from Mojo
		number, ok := tenDigits(phone)
		if !ok {
			return phone
		}
		digits = number
	}
	return "(" + digits[:3] + ") " + digits[3:6] + "-" + digits[6:]
}

func bareTen(s string) bool { return len(s) == 10 && strings.Trim(s, "0123456789") == "" }

// numberOfType is a number with the kind of phone it is, where Mojo tells.
func numberOfType(phone string, t mojo.MediaType) string {
	kind := map[mojo.MediaType]string{mojo.MediaWork: "work", mojo.MediaMobile: "mobile", mojo.MediaHome: "home"}[t]
	if phone == "" || kind == "" {
		return phone
	}
	return phone + " (" + kind + ")"
}

// webLink is an address that may become a link in Wise Agent.
func webLink(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return noTags(u.String())
}

// paragraphs joins the parts that hold something; the last one, the mark, is the last line.
func paragraphs(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, "\n\n")
}

// oneLine is a text from Mojo within a line of a note, at most n characters.
func oneLine(s string, n int) string { return cut(noTags(joinWords(s)), n, "…") }

// manyLinesOf is a text from Mojo with its line breaks, cut when it is very long.
func manyLinesOf(s string) string { return cut(noTags(tidyLines(s)), longText, longMark) }

// tagStart is what begins a tag in HTML.
var tagStart = regexp.MustCompile(`<([a-zA-Z/!?])`)

// noTags makes a text mean the same whether Wise Agent shows it as text or as HTML: a bracket before a blank begins no tag.
func noTags(s string) string {
	if strings.IndexByte(s, '<') < 0 { // as nearly always; looking by the expression takes ten times as long
		return s
	}
	return tagStart.ReplaceAllString(s, "< $1")
}

// mark is an id as the last line of a note has it: without blanks, of which it has none anyway.
func mark(id string) string { return strings.Join(strings.Fields(noTags(printable(id))), "") }
