package web

import (
	"encoding/json"
	"slices"
	"strings"

	"addtomojo/store"
)

// eventNames say what kinds of events are (Mojo's API, part B5, and our own for what the button sends). An activity's
// begins with its kind.
var eventNames = map[string]string{
	"call.completed":       "Call",
	"contact.updated":      "Contact changed",
	"contact.sent":         "Sent to Wise Agent",
	"note.created":         "Note added",
	"note.updated":         "Note edited",
	"event.created":        "added",
	"event.updated":        "changed",
	"event.completed":      "completed",
	"event.deleted":        "deleted",
	"account.disconnected": "Integration ended in Mojo",
}

// eventDetails is what the list says of an event besides its kind.
type eventDetails struct {
	Call struct {
		Result string `json:"result"`
	} `json:"call"`
	Event struct {
		Kind string `json:"kind"`
	} `json:"event"`
	Changes []struct {
		Field string `json:"field"`
	} `json:"changes"`
}

// eventWords say in a few words what happened: "Call: No Answer", "Appointment added".
func eventWords(e store.Event) string {
	name, known := eventNames[e.Type]
	if !known {
		return "Something new (" + cut([]string{e.Type}, 60)[0] + ")"
	}
	var d eventDetails
	if json.Unmarshal(e.Body, &d) != nil {
		d = eventDetails{} // too old to have a body, or not readable: its kind must do
	}
	switch {
	case strings.HasPrefix(e.Type, "event."):
		return activityWord(d.Event.Kind) + " " + name
	case e.Type == "call.completed" && d.Call.Result != "":
		return name + ": " + plainSlug(d.Call.Result)
	case e.Type == "contact.updated" && len(d.Changes) > 0:
		return name + ": " + d.fields()
	}
	return name
}

// fields are the names of what changed, each once.
func (d eventDetails) fields() string {
	var names []string
	for _, c := range d.Changes {
		name := strings.ReplaceAll(cut([]string{c.Field}, 40)[0], "_", " ")
		switch name {
		case "full name":
			name = "name"
		case "email":
			name = "e-mail"
		}
		if !slices.Contains(names, name) && len(names) < 5 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func activityWord(kind string) string {
	switch kind {
	case "appointment":
		return "Appointment"
	case "todo":
		return "To-do"
	case "follow_up_call":
		return "Follow-up call"
	}
	return "Activity"
}

// plainSlug writes a call result's slug as words, as Mojo's dialer and the notes have them: "dnc_number" is "DNC Number".
func plainSlug(slug string) string {
	switch slug {
	case "no_contact_next_record":
		return "No Contact - Next Record"
	case "no_contact_next_number":
		return "No Contact - Next Number"
	}
	words := strings.Fields(strings.ReplaceAll(cut([]string{slug}, 60)[0], "_", " "))
	for i, w := range words {
		if w == "dnc" {
			words[i] = "DNC"
			continue
		}
		letters := []rune(w)
		words[i] = strings.ToUpper(string(letters[:1])) + string(letters[1:])
	}
	return strings.Join(words, " ")
}
