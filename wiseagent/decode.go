package wiseagent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// lenient makes JSON of what Wise Agent calls JSON: raw control bytes inside
// strings are escaped, a byte order mark is dropped. Valid JSON comes
// back as it is.
func lenient(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	var out []byte // nil as long as nothing had to change
	inString, escaped, done := false, false, 0
	for i, c := range b {
		switch {
		case !inString:
			inString = c == '"'
			continue
		case c < 0x20:
			out = append(out, b[done:i]...)
			if escaped {
				out = append(out, '\\') // the backslash before it stands for itself
			}
			out = fmt.Appendf(out, `\u%04x`, c)
			done = i + 1
		case !escaped && c == '"':
			inString = false
		}
		escaped = !escaped && c == '\\'
	}
	if out == nil {
		return b
	}
	return append(out, b[done:]...)
}

// decode reads JSON into v. Its errors don't quote the value, as the decoder's own do.
func decode(b []byte, v any) error {
	err := json.Unmarshal(b, v)
	if err == nil {
		return nil
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return errors.New("an empty answer")
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("<")) {
		return errors.New("an HTML page instead of JSON")
	}
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("broken JSON at byte %d", s.Offset)
	}
	return errors.New("JSON of an unknown shape")
}

// items takes an answer apart: an array, an array under "data", or one object
// standing for an array of one. A JSON text inside a JSON string is read, too.
func items(body []byte) ([]json.RawMessage, error) {
	var list []json.RawMessage
	switch first(body) {
	case '"':
		var inner string
		if err := decode(body, &inner); err != nil {
			return nil, err
		}
		if c := first([]byte(inner)); c != '[' && c != '{' {
			return nil, errors.New("a text instead of an object")
		}
		return items(lenient([]byte(inner)))
	case '[':
		err := decode(body, &list)
		return list, err
	case '{':
		var w struct {
			Data json.RawMessage `json:"data"`
		}
		if err := decode(body, &w); err != nil {
			return nil, err
		}
		if first(w.Data) == '[' && complaint(body) == nil {
			err := decode(w.Data, &list)
			return list, err
		}
		return []json.RawMessage{body}, nil
	}
	var v any
	if err := decode(body, &v); err != nil {
		return nil, err
	}
	return nil, errors.New("JSON of an unknown shape")
}

// first returns the first byte that is not blank, 0 when there is none.
func first(b []byte) byte {
	if b = bytes.TrimSpace(b); len(b) > 0 {
		return b[0]
	}
	return 0
}

// text is a value that comes as a string, a number, a boolean or null.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch first(b) {
	case '"':
		return json.Unmarshal(b, (*string)(t))
	case 'n':
		*t = ""
	case '[', '{':
		return errors.New("a list instead of a text")
	default:
		*t = text(b)
	}
	return nil
}

// verdict holds the ways in which Wise Agent says no (Wise Agent API, section 2.1).
type verdict struct {
	Error       json.RawMessage `json:"error"`
	Errors      json.RawMessage `json:"errors"`
	Description json.RawMessage `json:"error_description"`
	Success     json.RawMessage `json:"success"`
	Status      json.RawMessage `json:"status"`
	Message     json.RawMessage `json:"message"`
	Data        json.RawMessage `json:"data"`
}

// refusal is an error found in a body.
type refusal struct{ code, text string }

// complaint finds the error in an object, nil when there is none.
func complaint(object []byte) *refusal {
	var v verdict
	if first(object) != '{' || json.Unmarshal(object, &v) != nil {
		return nil
	}
	return v.refusal()
}

// refusal is what is said no to, nil when nothing is.
func (v verdict) refusal() *refusal {
	code := words(v.Error, v.Errors)
	success := strings.ToLower(words(v.Success))
	switch {
	case code != "":
	case v.Success != nil && slices.Contains([]string{"", "false", "0", "no"}, success):
	case strings.EqualFold(words(v.Status), "error"):
	default:
		return nil
	}
	return &refusal{code, cut(words(v.Error, v.Errors, v.Description, v.Message, v.Data))}
}

// words collects the texts in some JSON values, objects by key. A text that is there twice is taken once.
func words(values ...json.RawMessage) string {
	var out []string
	for _, b := range values {
		var v any
		if len(b) > 0 && json.Unmarshal(b, &v) == nil {
			for _, text := range collect(v) {
				if !slices.Contains(out, text) {
					out = append(out, text)
				}
			}
		}
	}
	return strings.Join(out, " ")
}

func collect(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		if text := strings.Join(strings.Fields(v), " "); text != "" {
			out = []string{text}
		}
	case bool, float64:
		if v != false && v != 0.0 {
			out = []string{fmt.Sprint(v)}
		}
	case []any:
		for _, item := range v {
			out = append(out, collect(item)...)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, collect(v[key])...)
		}
	}
	return out
}

// cut makes one line of at most 500 runes.
func cut(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > 500 {
		s = string(r[:500])
	}
	return s
}

// nested opens a list that comes as a string holding JSON. It returns the raw
// text beside it when that is no JSON.
func nested(b json.RawMessage) (list []json.RawMessage, rest string) {
	var s string
	if first(b) == '"' && json.Unmarshal(b, &s) == nil {
		b = lenient([]byte(s))
	}
	if first(b) == '{' {
		b = slices.Concat([]byte("["), b, []byte("]"))
	}
	if json.Unmarshal(b, &list) != nil {
		return nil, string(b)
	}
	return list, ""
}

// quotedName finds the names in a list of categories that is broken JSON.
var quotedName = regexp.MustCompile(`(?i)"name"\s*:\s*"([^"]*)"`)

// categories reads the names out of a contact's categories. It would rather read
// a broken list in part than lose the one that says "do not call".
func categories(b json.RawMessage) []string {
	var names []string
	add := func(name string) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	list, rest := nested(b)
	for _, item := range list {
		var w struct {
			Name text `json:"name"`
		}
		if first(item) == '"' {
			json.Unmarshal(item, &w.Name)
		} else {
			json.Unmarshal(item, &w)
		}
		add(string(w.Name))
	}
	if first([]byte(rest)) == '[' || first([]byte(rest)) == '{' {
		for _, m := range quotedName.FindAllStringSubmatch(rest, -1) {
			add(m[1])
		}
		return names
	}
	for name := range strings.FieldsFuncSeq(rest, func(r rune) bool { return r == ';' || r == ',' }) {
		add(name)
	}
	return names
}

// custom reads a contact's own fields.
func custom(b json.RawMessage) map[string]string {
	list, _ := nested(b)
	fields := make(map[string]string, len(list))
	for _, item := range list {
		var w struct{ Key, Value text }
		if json.Unmarshal(item, &w) == nil && w.Key != "" {
			fields[string(w.Key)] = string(w.Value)
		}
	}
	return fields
}

// layouts are the ways dates come in; US style is the usual one (section 2).
var layouts = []string{
	"1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006",
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
}

// date reads a date; one without a zone is in zone. "No date", which
// Wise Agent writes as nothing or as 1/1/1900, and what can't be read give the zero time.
func date(s string, zone *time.Location) time.Time {
	s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
	if cutoff, ok := strings.CutSuffix(s, " UTC"); ok {
		s, zone = cutoff, time.UTC
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			if t.Year() <= 1900 {
				return time.Time{}
			}
			return t
		}
	}
	return time.Time{}
}
