package bridge

import (
	"strings"
	"testing"

	"addtomojo/sandbox/people"
	"addtomojo/wiseagent"
)

func TestSplitAddress(t *testing.T) {
	for _, test := range []struct{ line, number, street, suite string }{
		{"", "", "", ""},
		{"12 Oak St", "12", "Oak St", ""},
		{"  12   N Oak St ", "12", "N Oak St", ""},
		{"12 N Oak St Apt 4", "12", "N Oak St", "Apt 4"},
		{"12 N Oak St, Apt 4", "12", "N Oak St", "Apt 4"},
		{"12 N Oak St\nApt 4", "12", "N Oak St", "Apt 4"},
		{"12, Oak St", "12", "Oak St", ""},
		{"12 Oak St apt. 4b", "12", "Oak St", "apt. 4b"},
		{"12 Oak St Apt4", "12", "Oak St", "Apt4"},
		{"12 Oak St #4", "12", "Oak St", "#4"},
		{"12 Oak St # 4", "12", "Oak St", "# 4"},
		{"12 Oak St #4-B", "12", "Oak St", "#4-B"},
		{"12 Oak St Unit B", "12", "Oak St", "Unit B"},
		{"12 Oak St Ste 210", "12", "Oak St", "Ste 210"},
		{"12 Oak St Suite A-210", "12", "Oak St", "Suite A-210"},
		{"12 Oak St Bldg 2 Apt 4", "12", "Oak St", "Bldg 2 Apt 4"},
		{"12 Oak St, Bldg 2, Apt 4", "12", "Oak St", "Bldg 2, Apt 4"},
		{"12 Oak St Fl 2", "12", "Oak St", "Fl 2"},
		{"12 Oak St Lot 7", "12", "Oak St", "Lot 7"},
		{"12 Oak St Rear", "12", "Oak St", "Rear"},
		{"12 Oak St Casita", "12", "Oak St", "Casita"},
		{"12 E Via Palomita Casita", "12", "E Via Palomita", "Casita"},
		{"12 E Via Casita", "12", "E Via Casita", ""},
		{"12 Calle de la Casita", "12", "Calle de la Casita", ""},
		{"12 Oak St 4", "12", "Oak St", "4"},
		{"12 Oak St NW 4", "12", "Oak St NW", "4"},
		{"12 Oak St B", "12", "Oak St", "B"},
		{"12 Oak St N", "12", "Oak St N", ""},
		{"12 Oak St Unit", "12", "Oak St Unit", ""},
		{"12 Oak St Apt 4 Tucson AZ", "12", "Oak St Apt 4 Tucson AZ", ""}, // too unclear to take apart
		{"12B Oak St", "12B", "Oak St", ""},
		{"12-B Oak St", "12-B", "Oak St", ""},
		{"12-34 Oak St", "12-34", "Oak St", ""},
		{"12 1/2 Oak St", "12 1/2", "Oak St", ""},
		{"12 ½ Oak St Apt 4", "12 ½", "Oak St", "Apt 4"},
		{"12½ Oak St", "12½", "Oak St", ""},
		{"N6W23001 Bluemound Rd", "N6W23001", "Bluemound Rd", ""},
		{"12 5th Ave", "12", "5th Ave", ""},
		{"5th Ave", "", "5th Ave", ""},
		{"100 Mile Rd", "100", "Mile Rd", ""},
		{"42 W 42nd St", "42", "W 42nd St", ""},
		{"12 Avenue B", "12", "Avenue B", ""},
		{"12 N Avenue B", "12", "N Avenue B", ""},
		{"1600 Highway 4", "1600", "Highway 4", ""},
		{"1600 State Highway 4 Unit 2", "1600", "State Highway 4", "Unit 2"},
		{"1600 County Road 5", "1600", "County Road 5", ""},
		{"12 Space Center Blvd", "12", "Space Center Blvd", ""},
		{"12 Unit Rd", "12", "Unit Rd", ""},
		{"12 Front St", "12", "Front St", ""},
		{"12 Camino de la Tierra", "12", "Camino de la Tierra", ""},
		{"Oak St", "", "Oak St", ""},
		{"Oak St Apt 4", "", "Oak St", "Apt 4"},
		{"One Main St", "", "One Main St", ""},
		{"#5 Oak St", "", "#5 Oak St", ""},
		{"Calle 5 #12", "", "Calle 5 #12", ""},
		{"Apt 4, 12 Oak St", "", "Apt 4, 12 Oak St", ""},
		{"PO Box 123", "", "PO Box 123", ""},
		{"P.O. Box 123 Unit 4", "", "P.O. Box 123 Unit 4", ""},
		{"P O Box 123", "", "P O Box 123", ""},
		{"12 Oak St PO Box 123", "12", "Oak St PO Box 123", ""},
		{"12 Oak St PMB 123", "12", "Oak St", "PMB 123"},
		{"RR 2 Box 15", "", "RR 2 Box 15", ""},
		{"Rural Route 2 Lot 15", "", "Rural Route 2 Lot 15", ""},
		{"HC 1 Box 3", "", "HC 1 Box 3", ""},
		{"Unit 2050 Box 4190", "", "Unit 2050 Box 4190", ""},
		{"12", "12", "", ""},
		{"Apt 4", "", "Apt 4", ""},
	} {
		number, street, suite := splitAddress(test.line)
		if number != test.number || street != test.street || suite != test.suite {
			t.Errorf("splitAddress(%q) = %q, %q, %q, want %q, %q, %q", test.line, number, street, suite, test.number, test.street, test.suite)
		}
	}
}

// An address that a push sent and Mojo gives back is in Wise Agent's fields what it was.
func TestSplitAddressReturnsWhatAPushSent(t *testing.T) {
	for _, p := range people.Make(1000, 5) {
		c := wiseagent.Contact{ClientID: "1", AddressNumber: p.AddressNumber, AddressStreet: p.AddressStreet, SuiteNo: p.SuiteNo}
		line := outgoing(c, nil, nil, 1, false).Address
		number, street, suite := splitAddress(line)
		if number != joinWords(c.AddressNumber) || street != joinWords(c.AddressStreet) || suite != joinWords(c.SuiteNo) {
			t.Errorf("splitAddress(%q) = %q, %q, %q, want %q, %q, %q", line, number, street, suite, c.AddressNumber, c.AddressStreet, c.SuiteNo)
		}
	}
}

// Whatever way the fields were filled in, a line that is what they make up leaves them as they are.
func TestSplitAddressAsKeepsWhatIsThere(t *testing.T) {
	for _, fields := range [][3]string{
		{"12", "Oak St", "the blue door"}, {"", "12 Oak St Apt 4", ""}, {"12", "Oak St Apt 4", ""}, {"", "Oak St", "12"}, {"12 Oak", "St", ""}, {"", "", ""},
	} {
		line := joinWords(fields[0], fields[1], fields[2])
		number, street, suite := splitAddressAs(line, fields[0], fields[1], fields[2])
		if got := [3]string{number, street, suite}; got != fields {
			t.Errorf("splitAddressAs(%q) = %q, want %q", line, got, fields)
		}
	}
	number, street, suite := splitAddressAs("14 Oak St Apt 4", "12", "Oak St", "Apt 4")
	if number != "14" || street != "Oak St" || suite != "Apt 4" {
		t.Errorf("got %q, %q, %q for a new line, want it split", number, street, suite)
	}
}

func FuzzSplitAddress(f *testing.F) {
	for _, line := range []string{"12 N Oak St, Apt 4", "12 1/2, # , 4", "Apt Apt 4 4 , ,", "12 Oak St NW #", "½ 1/2 ½"} {
		f.Add(line)
	}
	plain := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, ",", "")), " ") }
	f.Fuzz(func(t *testing.T, line string) {
		number, street, suite := splitAddress(line)
		if got, want := plain(joinWords(number, street, suite)), plain(joinWords(line)); got != want {
			t.Errorf("splitAddress(%q) = %q, %q, %q, which is not the line", line, number, street, suite)
		}
	})
}
