package bridge

import (
	"bytes"
	"encoding/json"
	"strings"

	"addtomojo/mojo"
)

// readHook reads a hook: its envelope, and what has to be known of its data before it is stored. Reading JSON is the largest part
// of what a hook costs outside of the database, so nearly every hook is read in one pass, for its delivery too; what that one
// stumbles over is read step by step.
func readHook(body []byte) (envelope, about, error) {
	var hook struct {
		Type      string    `json:"type"`
		Timestamp mojo.Time `json:"timestamp"`
		Data      told      `json:"data"`
	}
	if json.Unmarshal(body, &hook) == nil {
		if data := member(body, "data"); data != nil && hook.Type != "" && hook.Data.AccountID != "" {
			return envelope{Type: hook.Type, Timestamp: hook.Timestamp, Data: data, told: &hook.Data}, aboutOf(hook.Data), nil
		}
	}
	return readHookInSteps(body)
}

func readHookInSteps(body []byte) (envelope, about, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil || e.Type == "" || len(e.Data) == 0 {
		return e, about{}, ErrHookUnreadable
	}
	a, err := readAbout(e.Data)
	return e, a, err
}

// member is the value of a name in a JSON object that is known to be whole; nil unless the name is there once, in that spelling and
// in no other that means the same.
func member(object []byte, name string) (value []byte) {
	rest := bytes.TrimLeft(object, jsonBlanks)
	if len(rest) == 0 || rest[0] != '{' {
		return nil
	}
	for rest = bytes.TrimLeft(rest[1:], jsonBlanks); rest[0] == '"'; rest = bytes.TrimLeft(rest[1:], jsonBlanks) {
		end := stringEnd(rest)
		key := string(rest[1 : end-1])
		rest = bytes.TrimLeft(rest[end:], jsonBlanks)
		rest = bytes.TrimLeft(rest[1:], jsonBlanks) // the colon
		end = valueEnd(rest)
		switch {
		case key == name && value == nil:
			value = rest[:end:end]
		case strings.EqualFold(key, name), strings.Contains(key, `\`):
			return nil
		}
		if rest = bytes.TrimLeft(rest[end:], jsonBlanks); rest[0] == '}' {
			break
		}
	}
	return value
}

const jsonBlanks = " \t\r\n"

// stringEnd is where a JSON string ends.
func stringEnd(s []byte) int {
	at := 1
	for {
		at += bytes.IndexAny(s[at:], `"\`)
		if s[at] == '"' {
			return at + 1
		}
		at += 2 // what is escaped
	}
}

// valueEnd is where a JSON value ends.
func valueEnd(s []byte) int {
	depth := 0
	for at := 0; ; {
		switch s[at] {
		case '"':
			at += stringEnd(s[at:])
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return at
			}
			at++
			continue
		default: // of a number or a word
			at++
			if depth == 0 && (s[at] == '}' || s[at] == ']') {
				return at
			}
			if depth == 0 {
				continue
			}
		}
		if depth == 0 {
			return at
		}
	}
}
