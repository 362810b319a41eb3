package mojo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// decode reads a JSON answer into v. Anything but the expected shape leaves us in doubt.
func decode(op string, body []byte, v any) error {
	err := json.Unmarshal(body, v)
	if err == nil {
		return nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return &DoubtError{op, errors.New("an empty answer")}
	}
	// The decoder's own words may quote the value.
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &DoubtError{op, fmt.Errorf("broken JSON at byte %d", s.Offset)}
	}
	return &DoubtError{op, errors.New("JSON of an unknown shape")}
}

// label is an id or a name that comes as a string or as a number.
type label string

func (l *label) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(l))
	}
	if string(b) == "null" {
		return nil
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	*l = label(n)
	return err
}

// number is an integer that comes as a number or as a string.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = number(v)
	return err
}

// complaint returns the text of an error inside an answer that came as a
// success, "" when there is none.
func complaint(body []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return ""
	}
	for _, key := range []string{"errors", "non_field_errors", "detail", "error"} {
		if text := cut(strings.Join(texts("", raw(fields[key])), " ")); text != "" {
			return text
		}
	}
	return ""
}

// refusalText returns what Mojo says about an error answer, in at most 500 runes.
func refusalText(a answer) string {
	if a.html() {
		return ""
	}
	if v := raw(a.body); v != nil {
		return cut(strings.Join(texts("", v), " "))
	}
	return cut(string(a.body))
}

func raw(b []byte) any {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return nil
	}
	return v
}

// texts collects the sentences of an error of Django REST Framework: strings in
// lists in objects, the latter by field name.
func texts(field string, v any) []string {
	var out []string
	switch v := v.(type) {
	case bool, float64:
		if v != false && v != 0.0 {
			return []string{strings.TrimSpace(fmt.Sprint(field, " ", v))}
		}
	case string:
		if v = strings.TrimSpace(v); v == "" {
			return nil
		}
		if field != "" {
			v = field + ": " + v
		}
		return []string{v}
	case []any:
		for _, item := range v {
			out = append(out, texts(field, item)...)
		}
	case map[string]any:
		if said, ok := v["error_description"].(string); ok && said != "" {
			return []string{said}
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			name := key
			if slices.Contains([]string{"detail", "non_field_errors", "errors", "error"}, key) {
				name = field
			}
			out = append(out, texts(name, v[key])...)
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
