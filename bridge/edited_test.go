package bridge

import (
	"encoding/json"
	"fmt"
	"testing"

	"addtomojo/mojo"
)

func TestEdited(t *testing.T) {
	contact := mojo.Contact{FullName: "Ann Lee", Address: "12 N Oak St", City: "Tucson", State: "AZ", Zip: "85701", Media: []mojo.Media{
		{Type: mojo.MediaMobile, Value: "5205550143"}, {Type: mojo.MediaEmail, Value: "ann@example.com"},
	}}
	as := func(change func(*mojo.Contact)) mojo.Contact {
		c := contact
		c.Media = append([]mojo.Media(nil), c.Media...)
		change(&c)
		return c
	}
	for _, tc := range []struct {
		about string
		edits []string // revision and changes
		want  mojo.Contact
		parts string
	}{
		{"a name", []string{`4,[{"field":"full_name","old":"Ann Lee","new":"Ann  Smith"}]`},
			as(func(c *mojo.Contact) { c.FullName = "Ann Smith" }), "[name]"},
		{"the newest of two that came out of order", []string{
			`5,[{"field":"full_name","old":"Ann Smith","new":"Ann Jones"}]`, `4,[{"field":"full_name","old":"Ann Lee","new":"Ann Smith"}]`},
			as(func(c *mojo.Contact) { c.FullName = "Ann Jones" }), "[name name]"},
		{"a name taken away: Wise Agent's stays", []string{`4,[{"field":"full_name","old":"Ann Lee","new":null}]`}, contact, "[name]"},
		{"an address", []string{`4,[{"field":"address","old":null,"new":{"address":"9 Elm Ave","city":"Mesa","state":"AZ","zip_code":"85201"}}]`},
			as(func(c *mojo.Contact) { c.Address, c.City, c.Zip = "9 Elm Ave", "Mesa", "85201" }), "[address]"},
		{"a number replaced", []string{`4,[{"field":"phone","old":{"type":2,"value":"(520) 555-0143"},"new":{"type":3,"value":"520-555-0199"}}]`},
			as(func(c *mojo.Contact) { c.Media[0] = mojo.Media{Type: mojo.MediaHome, Value: "5205550199"} }), "[mobile home work]"},
		{"a number that Wise Agent hasn't replaced", []string{`4,[{"field":"phone","old":{"type":2,"value":"5205550111"},"new":{"type":2,"value":"5205550199"}}]`},
			contact, "[mobile home work]"},
		{"a number added", []string{`4,[{"field":"phone","old":null,"new":{"type":2,"value":"5205550199"}}]`}, contact, "[mobile home work]"},
		{"a number taken away", []string{`4,[{"field":"phone","old":{"type":2,"value":"5205550143"},"new":null}]`}, contact, "[mobile home work]"},
		{"an e-mail replaced", []string{`4,[{"field":"email","old":"Ann@Example.com","new":"lee@example.com"}]`},
			as(func(c *mojo.Contact) { c.Media[1].Value = "lee@example.com" }), "[email]"},
		{"a number changed twice", []string{
			`4,[{"field":"phone","old":{"type":2,"value":"5205550143"},"new":{"type":2,"value":"5205550150"}}]`,
			`5,[{"field":"phone","old":{"type":2,"value":"5205550150"},"new":{"type":2,"value":"5205550160"}}]`},
			as(func(c *mojo.Contact) { c.Media[0].Value = "5205550160" }), "[mobile home work mobile home work]"},
		{"a field nobody knows", []string{`4,[{"field":"fax","old":null,"new":"1"}]`}, contact, "[]"},
	} {
		var edits []told
		for _, e := range tc.edits {
			var revision int64
			var changes []change
			fmt.Sscan(e, &revision)
			if err := json.Unmarshal([]byte(e[2:]), &changes); err != nil {
				t.Fatal(err)
			}
			edits = append(edits, told{Revision: revision, Changes: changes})
		}
		got, parts := edited(contact, edits)
		if g, w := fmt.Sprintf("%+v %v", got, parts), fmt.Sprintf("%+v %s", tc.want, tc.parts); g != w {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.about, g, w)
		}
	}
}
