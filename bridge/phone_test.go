package bridge

import (
	"slices"
	"strings"
	"testing"
)

func TestReadPhone(t *testing.T) {
	for _, test := range []struct {
		field   string
		numbers string // joined by a blank
		text    string
		dnc     bool
	}{
		{"", "", "", false},
		{"   ", "", "", false},
		{"(520) 555-0143", "5205550143", "", false},
		{"520-555-0143", "5205550143", "", false},
		{"520.555.0143", "5205550143", "", false},
		{"520 555 0143", "5205550143", "", false},
		{"5205550143", "5205550143", "", false},
		{"+1 (520) 555-0143", "5205550143", "", false},
		{"1-520-555-0143", "5205550143", "", false},
		{"+15205550143", "5205550143", "", false},
		{"520/555-0143", "5205550143", "", false},
		{"(520) 555-0143 home", "5205550143", "home", false},
		{"home: (520) 555-0143", "5205550143", "home", false},
		{"520.555.0143 ext 4", "5205550143", "ext 4", false},
		{"520-555-0143 x4412", "5205550143", "x4412", false},
		{"520-555-0143 / 520-555-0144", "5205550143 5205550144", "", false},
		{"520-555-0143, 602-555-0144 (wife)", "5205550143 6025550144", "wife", false},
		{"DNC", "", "DNC", true},
		{"dnc 520-555-0143", "5205550143", "dnc", true},
		{"520-555-0143 - do not call", "5205550143", "do not call", true},
		{"Don't call before noon 520-555-0143", "5205550143", "Don't call before noon", true},
		{"ask for Bob", "", "ask for Bob", false},
		{"DNCE", "", "DNCE", false},
		{"520-555-0143DNC", "5205550143", "DNC", true}, // a figure before it hides nothing
		{"DNC5205550143", "5205550143", "DNC", true},
		{"dnc_520-555-0143", "5205550143", "dnc", true},
		{"do-not-call: 520-555-0143", "5205550143", "do-not-call", true},
		{"520-555-0143 don\u2019t call", "5205550143", "don\u2019t call", true},
		{"abandon call 520-555-0143", "5205550143", "abandon call", false},
		{"555-0143", "", "555-0143", false},
		{"000-000-0000", "", "000-000-0000", false},
		{"123-456-7890", "", "123-456-7890", false},
		{"+44 20 7946 0958", "", "+44 20 7946 0958", false},
		{"+52 55 5205 5501 4312", "", "+52 55 5205 5501 4312", false},
		{"52055501431", "", "52055501431", false},
		{"99952055501431", "", "99952055501431", false},
		{"(520)\u00a0555\u00a00143", "5205550143", "", false},
		{"(520)\x01 555-0143", "5205550143", "", false},
		{"416-555-0199", "4165550199", "", false}, // Canada dials the same way
		{"520-555-0143 520-555-0144", "5205550143 5205550144", "", false},
		{"5205550143, 5205550144; 5205550145", "5205550143 5205550144 5205550145", "", false},
		{"(520) 555-0143 (520) 555-0144", "5205550143 5205550144", "", false},
		{"520\u2013555\u20110143", "5205550143", "", false},               // dashes as word processors set them
		{"\u202a(520)\u00a0555\u20110143\u202c", "5205550143", "", false}, // as phones copy a contact
		{"520\u200b555\u200b0143", "5205550143", "", false},
	} {
		got := readPhone(test.field)
		if joined := strings.Join(got.Numbers, " "); joined != test.numbers || got.Text != test.text || got.DoNotCall != test.dnc {
			t.Errorf("readPhone(%q) = %q, text %q, do not call %v; want %q, %q, %v",
				test.field, joined, got.Text, got.DoNotCall, test.numbers, test.text, test.dnc)
		}
	}
}

func FuzzReadPhone(f *testing.F) {
	f.Add("(520) 555-0143 ext 4 / DNC")
	f.Add("+1+1+15205550143")
	f.Fuzz(func(t *testing.T, field string) {
		for _, n := range readPhone(field).Numbers {
			if len(n) != 10 || slices.ContainsFunc([]byte(n), func(c byte) bool { return !isDigit(c) }) {
				t.Errorf("readPhone(%q) gives the number %q, want ten digits", field, n)
			}
		}
	})
}
