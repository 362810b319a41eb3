package wiseagent

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
)

// plain is an answer that is text, not JSON.
type plain string

// jsonError is the API's most common way to refuse.
type jsonError struct {
	Error string `json:"error"`
}

// capitalError is the way in which contact and category requests refuse.
type capitalError struct {
	Error string `json:"Error"`
}

// succeeded is the answer of most writes.
type succeeded struct {
	Success string `json:"success"`
}

// done is the list in which most writes answer: [{"success":"true"}].
func done() []succeeded { return []succeeded{{"true"}} }

// send writes an answer of the data API, with raw control characters inside its strings unless strict is set.
func send(w http.ResponseWriter, status int, v any, strict bool) {
	if text, ok := v.(plain); ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		w.Write([]byte(text))
		return
	}
	body := encode(v)
	if !strict {
		body = rawControls(body)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body)
}

// encode writes JSON as Wise Agent does: no \u003c for a bracket.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("wise agent stand-in: answer is no JSON: " + err.Error()) // the wire types are ours: cannot be
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// nested is JSON inside a string, as the API gives lists within contacts.
func nested(v any) string { return string(encode(v)) }

// rawControls puts control characters that were escaped into the text as they are. The result is no valid JSON, and just what
// the real service has been seen to answer.
func rawControls(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		raw, width := controlAt(b[i:])
		if width == 0 {
			raw, width = b[i:i+2], 2
		}
		out = append(out, raw...)
		i += width - 1
	}
	return out
}

// controlAt reads an escaped control character at the beginning of b: its byte and how long it was when escaped, 0 when there
// is none.
func controlAt(b []byte) ([]byte, int) {
	switch b[1] {
	case 'n':
		return []byte{'\n'}, 2
	case 'r':
		return []byte{'\r'}, 2
	case 't':
		return []byte{'\t'}, 2
	case 'b':
		return []byte{'\b'}, 2
	case 'f':
		return []byte{'\f'}, 2
	case 'u':
		if len(b) < 6 {
			return nil, 0
		}
		if n, err := strconv.ParseUint(string(b[2:6]), 16, 16); err == nil && n < 0x20 {
			return []byte{byte(n)}, 6
		}
	}
	return nil, 0
}

// oauthError is how the OAuth server refuses (Wise Agent API, sections 1.4 and 1.6).
func oauthError(w http.ResponseWriter, status int, code, description string) {
	send(w, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, description}, true)
}
