package wiseagent

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

func TestLenient(t *testing.T) {
	tests := []struct{ in, want string }{
		{`{"a": "b"}`, `{"a": "b"}`},
		{"{\r\n\t\"a\": \"b\"\r\n}", "{\r\n\t\"a\": \"b\"\r\n}"},
		{"\xef\xbb\xbf[]", "[]"},
		{"[\"a\r\nb\"]", `["a\u000d\u000ab"]`},
		{"[\"a\x00b\x1f\", \"\x07\"]", `["a\u0000b\u001f", "\u0007"]`},
		{"[\"quote \\\" tab\t\"]\n", `["quote \" tab\u0009"]` + "\n"},
		{"[\"end \\\\\", \t\"x\"]", "[\"end \\\\\", \t\"x\"]"},
		{"[\"C:\\\nnew\"]", `["C:\\\u000anew"]`},
	}
	for _, tt := range tests {
		if got := string(lenient([]byte(tt.in))); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// What Wise Agent says in two places is said once.
func TestRefusalSaysEachTextOnce(t *testing.T) {
	tests := []struct{ in, code, text string }{
		{`{"errors":["The request could not be processed."],"error":"The request could not be  processed."}`, "The request could not be processed.", "The request could not be processed."},
		{`{"error":"invalid_request","error_description":"No such field.","message":"No such field."}`, "invalid_request", "invalid_request No such field."},
		{`{"errors":{"a":["Too long."],"b":"Too long."},"success":"false"}`, "Too long.", "Too long."},
		{`{"error":"A note is a note."}`, "A note is a note.", "A note is a note."},
		{`{"success":"false","message":["One.","Two."]}`, "", "One. Two."},
	}
	for _, tt := range tests {
		if got := complaint([]byte(tt.in)); got == nil || *got != (refusal{tt.code, tt.text}) {
			t.Errorf("%s: got %+v, want code %q, text %q", tt.in, got, tt.code, tt.text)
		}
	}
}

// FuzzLenient: valid JSON stays as it is, control bytes in strings are the only
// thing forgiven, and doing it twice changes nothing.
func FuzzLenient(f *testing.F) {
	for _, seed := range []string{`{"a": [1, "b\n"]}`, "[\"a\r\nb\"]", `"\\"`, "\"\\\t\"", "{", "\xef\xbb\xbf1", `"é\u0007"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		got := lenient(in)
		if !bytes.Equal(in, before) {
			t.Fatalf("changed its input from %q to %q", before, in)
		}
		if json.Valid(in) && !bytes.Equal(got, in) {
			t.Errorf("changed valid JSON %q to %q", in, got)
		}
		if again := lenient(got); !bytes.HasPrefix(got, []byte("\xef\xbb\xbf")) && !bytes.Equal(again, got) {
			t.Errorf("%q: got %q, the second time %q", in, got, again)
		}
		if escaped, err := json.Marshal(string(in)); err == nil {
			raw := bytes.ReplaceAll(escaped, []byte(`\n`), []byte("\n"))
			if !json.Valid(lenient(raw)) {
				t.Errorf("%q is no JSON after %q", lenient(raw), raw)
			}
		}
		items(got)
		complaint(got)
		categories(got)
		custom(got)
		date(string(in), time.UTC)
	})
}

func TestDate(t *testing.T) {
	arizona := time.FixedZone("MST", -7*60*60)
	tests := []struct{ in, want string }{
		{"7/20/2020 6:03:36 PM", "2020-07-20T18:03:36-07:00"},
		{"07/20/2020 06:03:36 pm", "2020-07-20T18:03:36-07:00"},
		{"7/20/2020 7:00:00 AM UTC", "2020-07-20T07:00:00Z"},
		{"12/31/2025 12:00:00 AM", "2025-12-31T00:00:00-07:00"},
		{"7/20/2020\u202f6:03 PM", "2020-07-20T18:03:00-07:00"},
		{"7/20/2020 18:03", "2020-07-20T18:03:00-07:00"},
		{"7/20/2020", "2020-07-20T00:00:00-07:00"},
		{"2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00Z"},
		{"2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00+02:00"},
		{"2020-01-01 10:00", "2020-01-01T10:00:00-07:00"},
		{"1/1/1900 7:00:00 AM", ""},
		{"1/1/1900 12:00:00 AM", ""},
		{"", ""},
		{"13/13/2020", ""},
		{"2/30/2026 1:00:00 PM", ""},
		{"soon", ""},
	}
	for _, tt := range tests {
		got := date(tt.in, arizona)
		if tt.want == "" {
			if !got.IsZero() {
				t.Errorf("%q: got %s, want none", tt.in, got)
			}
			continue
		}
		if want, err := time.Parse(time.RFC3339, tt.want); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %s, want %s", tt.in, got, tt.want)
		}
	}
}
