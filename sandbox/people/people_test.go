package people_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"addtomojo/sandbox/people"
)

func TestMakeIsDeterministic(t *testing.T) {
	a, b := people.Make(120, 7), people.Make(120, 7)
	if !reflect.DeepEqual(a, b) {
		t.Error("Make(120, 7) gave two different lists")
	}
	if short := people.Make(60, 7); !reflect.DeepEqual(short, a[:60]) {
		t.Error("Make(60, 7) is not the beginning of Make(120, 7)")
	}
	if other := people.Make(120, 8); reflect.DeepEqual(a, other) {
		t.Error("Make(120, 8) gave the people of Make(120, 7)")
	}
}

func TestNobodyIsReal(t *testing.T) {
	fiction := regexp.MustCompile(`^[2-9]\d\d55501\d\d`)
	ofMail := regexp.MustCompile(`^[a-z.]+\d+@example\.(com|org)$`)
	for i, p := range people.Make(2000, 1) {
		for _, phone := range []string{p.HomePhone, p.MobilePhone, p.WorkPhone} {
			if d := digits(phone); d != "" && !fiction.MatchString(d) {
				t.Errorf("person %d: got number %q, want one of the form NXX-555-01xx", i, phone)
			}
		}
		if p.Email != "" && !ofMail.MatchString(p.Email) && p.First != "" {
			t.Errorf("person %d: got e-mail %q, want a plain address at example.com or example.org", i, p.Email)
		}
		if p.First == "" && p.Last == "" && p.Company == "" {
			t.Errorf("person %d: got no name and no company", i)
		}
		if !utf8.ValidString(p.First + p.Last) {
			t.Errorf("person %d: the name is not UTF-8", i)
		}
	}
}

func TestNumbersAreSharedOnlyOnPurpose(t *testing.T) {
	owners := map[string][]int{}
	for i, p := range people.Make(15000, 3) {
		seen := map[string]bool{}
		for _, phone := range []string{p.HomePhone, p.MobilePhone, p.WorkPhone} {
			d := digits(phone)
			if d == "" || seen[d] {
				continue
			}
			seen[d] = true
			owners[d] = append(owners[d], i)
		}
	}
	shared := 0
	for number, who := range owners {
		if len(who) == 1 {
			continue
		}
		shared++
		if len(who) != 2 || who[0]%50 != 7 || who[1]%50 != 8 {
			t.Errorf("number %s belongs to people %v, want only neighbours 7 and 8 of a cycle to share", number, who)
		}
	}
	if want := 300; shared != want {
		t.Errorf("got %d shared numbers among 15,000 people, want %d", shared, want)
	}
}

func TestTheOddPlaces(t *testing.T) {
	p := people.Make(50, 1)
	if got := p[3].HomePhone + p[3].MobilePhone + p[3].WorkPhone; got != "" {
		t.Errorf("place 3: got phones %q, want none", got)
	}
	if p[11].First != "" || p[11].Last != "" || p[11].Company == "" {
		t.Errorf("place 11: got %q %q of %q, want a company alone", p[11].First, p[11].Last, p[11].Company)
	}
	if p[14].HomePhone != "DNC" {
		t.Errorf("place 14: got home phone %q, want DNC", p[14].HomePhone)
	}
	if !strings.Contains(p[17].WorkPhone, "ask for Bob") {
		t.Errorf("place 17: got work phone %q, want one that says whom to ask for", p[17].WorkPhone)
	}
	if digits(p[21].HomePhone) != digits(p[21].MobilePhone) || p[21].HomePhone == p[21].MobilePhone {
		t.Errorf("place 21: got %q and %q, want one number typed in two ways", p[21].HomePhone, p[21].MobilePhone)
	}
	if len(p[28].First+p[28].Last) < 70 {
		t.Errorf("place 28: got a name of %d bytes, want a very long one", len(p[28].First+p[28].Last))
	}
	if !strings.Contains(p[31].Notes[0].Text, "<b>") {
		t.Errorf("place 31: got note %q, want HTML in it", p[31].Notes[0].Text)
	}
	if !strings.ContainsRune(p[34].Notes[0].Text, '\x0b') {
		t.Errorf("place 34: got note %q, want control characters in it", p[34].Notes[0].Text)
	}
	for i := 1; i < len(p); i++ {
		for j := 1; j < len(p[i].Notes); j++ {
			if p[i].Notes[j].Age < p[i].Notes[j-1].Age {
				t.Errorf("place %d: note %d is newer than the one before it", i, j)
			}
		}
	}
}

// digits gives the first ten digits of a typed number without the country code, or "" when there are not ten.
func digits(phone string) string {
	var b strings.Builder
	for _, r := range phone {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	d := strings.TrimPrefix(b.String(), "1")
	if len(d) < 10 {
		return ""
	}
	return d[:10]
}
