// Package people invents the sample people that the stand-in partners show.
//
// [Make] gives the same people for the same seed, so that a screenshot, a test and a bench speak of the same list. Nobody
// in it is real: telephone numbers are of the form NXX-555-01xx, which is set aside for fiction, and e-mail addresses are at
// example.com and example.org. Numbers are unique up to about 32,000 of them, except where people share one on purpose.
//
// The list is as untidy as a CRM that several assistants have typed into for ten years. The awkward cases come at fixed
// places, so that even a short list has them:
//
//	position in each 50     what is odd
//	 3                      no telephone at all
//	 7, 8                   8 has the home number of 7
//	11                      a company without a person's name
//	14                      "DNC" in a phone field
//	17                      "ask for Bob" in a phone field
//	21                      the same number in two fields
//	24                      a category that means do not call
//	28                      a very long name
//	31                      a note with HTML in it
//	34                      a note with control characters in it
//	38                      no e-mail, no address
//	41                      nothing but a name and an e-mail
package people

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A Person is one invented contact of a CRM. Any field may be empty, but a person has a first name, a last name or a company.
type Person struct {
	First, Last, Company    string
	SpouseFirst, SpouseLast string
	Email                   string

	// HomePhone, MobilePhone and WorkPhone are free text, as people type it: "(520) 555-0143", "520.555.0143 ext 4", "DNC".
	HomePhone, MobilePhone, WorkPhone string

	AddressNumber, AddressStreet, SuiteNo, City, State, Zip string

	Status, Rank, Source string
	Categories           []string
	Notes                []Note // the newest first
}

// A Note is something that an agent wrote about a person.
type Note struct {
	Subject string
	Text    string        // may be HTML, may hold control characters
	Age     time.Duration // how long ago it was written
}

// Make invents n people. The same seed gives the same people, and a longer list begins with the shorter one.
func Make(n int, seed int64) []Person {
	m := maker{rand: rand.New(rand.NewPCG(uint64(seed), 520_555)), areas: areaCodes(uint64(seed))}
	all := make([]Person, 0, n)
	for i := range n {
		p := m.ordinary(i)
		if i%cycle == sharesHome {
			p.HomePhone = all[i-1].HomePhone
		}
		m.bend(&p, i%cycle)
		all = append(all, p)
	}
	return all
}

// The places in each cycle of people where something is odd: the table of the package comment.
const (
	cycle          = 50
	noPhone        = 3
	homeIsShared   = 7
	sharesHome     = 8
	companyOnly    = 11
	saysDNC        = 14
	saysAskFor     = 17
	numberTwice    = 21
	doNotCall      = 24
	longName       = 28
	htmlNote       = 31
	controlNote    = 34
	bare           = 38
	nothingButMail = 41
)

// A maker draws people one after another from one stream of random numbers.
type maker struct {
	rand   *rand.Rand
	areas  []string // whose numbers are given out at present
	phones int      // how many of theirs were given out
}

// ordinary invents the i-th person as if nothing were odd.
func (m *maker) ordinary(i int) Person {
	p := Person{First: pick(m, firstNames), Last: pick(m, lastNames)}
	p.Email = fmt.Sprintf("%s.%s%d@%s", mailName(p.First), mailName(p.Last), i+1, pick(m, mailHosts))
	m.reach(&p)
	m.settle(&p)
	if m.chance(0.22) {
		p.Company = pick(m, companies)
	}
	if m.chance(0.25) {
		p.SpouseFirst, p.SpouseLast = pick(m, firstNames), p.Last
	}
	p.Status, p.Rank, p.Source = pick(m, statuses), pick(m, ranks), pick(m, sources)
	p.Categories = m.some(categories, 3)
	p.Notes = m.notes()
	return p
}

// reach gives the person telephone numbers in the formats that people type.
func (m *maker) reach(p *Person) {
	p.MobilePhone = m.phone()
	if m.chance(0.45) {
		p.HomePhone = m.phone()
	}
	if m.chance(0.3) {
		p.WorkPhone = m.phone()
		if m.chance(0.3) {
			p.WorkPhone += pick(m, extensions)
		}
	}
}

// settle gives the person an address.
func (m *maker) settle(p *Person) {
	town := pick(m, towns)
	p.AddressNumber = fmt.Sprint(100 + m.rand.IntN(9800))
	p.AddressStreet = pick(m, streets)
	p.City, p.State = town.city, town.state
	p.Zip = fmt.Sprintf("%s%02d", town.zip, 1+m.rand.IntN(60))
	if m.chance(0.15) {
		p.SuiteNo = pick(m, suites)
	}
}

// bend makes the person odd in the way that belongs to the place in the cycle.
func (m *maker) bend(p *Person, place int) {
	switch place {
	case noPhone:
		p.HomePhone, p.MobilePhone, p.WorkPhone = "", "", ""
	case homeIsShared:
		p.HomePhone = m.phone()
	case companyOnly:
		p.First, p.Last, p.Company = "", "", pick(m, companies)
		p.SpouseFirst, p.SpouseLast = "", ""
	case saysDNC:
		p.HomePhone = "DNC"
	case saysAskFor:
		p.WorkPhone = m.phone() + " ask for Bob"
	case numberTwice:
		digits := m.digits()
		p.MobilePhone, p.HomePhone = formats[0](digits), formats[2](digits)
	case doNotCall:
		p.Categories = append(p.Categories, "Do Not Call")
	case longName:
		p.First, p.Last = "Maximiliana-Theodora Alexandrina", "von Hohenstein-Wolfenbüttelsbacher Featherstonehaugh"
	case htmlNote:
		p.Notes = onTop(p.Notes, Note{"Showing", "<p>Saw <b>three homes</b> on Sunday.</p><ul><li>Too small</li><li>Too dark &amp; noisy</li></ul>", 26 * time.Hour})
	case controlNote:
		p.Notes = onTop(p.Notes, Note{"From the web form", "Looking for\x0b3 bedrooms\x1f\x01 near a school.\r\n\tPool is a plus.", 50 * time.Hour})
	case bare:
		p.Email, p.AddressNumber, p.AddressStreet, p.SuiteNo, p.City, p.State, p.Zip = "", "", "", "", "", "", ""
	case nothingButMail:
		*p = Person{First: p.First, Last: p.Last, Email: p.Email, Source: p.Source}
	}
}

// notes invents up to four notes, the newest first.
func (m *maker) notes() []Note {
	var all []Note
	age := time.Duration(1+m.rand.IntN(72)) * time.Hour
	for range m.rand.IntN(5) {
		n := pick(m, jottings)
		all = append(all, Note{Subject: n[0], Text: n[1], Age: age})
		age += time.Duration(5+m.rand.IntN(2000)) * time.Hour
	}
	return all
}

// onTop puts a note before older ones, which become older still by its age.
func onTop(older []Note, n Note) []Note {
	all := []Note{n}
	for _, o := range older {
		o.Age += n.Age
		all = append(all, o)
	}
	return all
}

// phone gives out the next number, typed in one of the usual ways.
func (m *maker) phone() string {
	return pick(m, formats)(m.digits())
}

// lines is how many numbers of an area are set aside for fiction.
const lines = 100

// digits gives out the next number as ten digits: the area codes first, then the next line of each.
func (m *maker) digits() string {
	if m.phones == lines*len(m.areas) {
		m.areas, m.phones = strings.Fields(moreAreas), 0
	}
	area := m.areas[m.phones%len(m.areas)]
	line := 100 + m.phones/len(m.areas)
	m.phones++
	return fmt.Sprintf("%s5550%03d", area, line)
}

// some draws up to limit different values, in the order of the list.
func (m *maker) some(from []string, limit int) []string {
	left := m.rand.IntN(limit + 1)
	var drawn []string
	for _, v := range from {
		if left > 0 && m.chance(float64(limit)/float64(len(from))) {
			drawn = append(drawn, v)
			left--
		}
	}
	return drawn
}

func (m *maker) chance(share float64) bool {
	return m.rand.Float64() < share
}

// pick draws one value of a list.
func pick[T any](m *maker, from []T) T {
	return from[m.rand.IntN(len(from))]
}

// mailName turns a name into the part of an e-mail address: lower case, plain letters, nothing else.
func mailName(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if plain, ok := plainLetters[r]; ok {
			b.WriteString(plain)
		} else if r >= 'a' && r <= 'z' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// areaCodes shuffles the area codes, so that two seeds give different numbers to their first people.
func areaCodes(seed uint64) []string {
	codes := strings.Fields(areas)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
	return codes
}
