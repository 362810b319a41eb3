package bridge

import (
	"regexp"
	"strings"
)

// splitAddress makes Mojo's one address line the house number, the street and the suite that Wise Agent keeps
// apart. What it is not sure of stays in the street: the three joined by blanks are always the line again, but for a
// comma before the suite. A line without a house number ("PO Box 12", "RR 2 Box 15") is all street.
func splitAddress(line string) (number, street, suite string) {
	words := strings.Fields(joinWords(line))
	if len(words) == 0 {
		return "", "", ""
	}
	n := numberWords(words)
	number, words = strings.TrimRight(strings.Join(words[:n], " "), ","), words[n:]
	at := suiteAt(words, number != "")
	street = strings.TrimRight(strings.Join(words[:at], " "), ",")
	return number, street, strings.Join(words[at:], " ")
}

// splitAddressAs is splitAddress for a contact whose address is known: when its parts make up the line, they stay as they are.
func splitAddressAs(line, number, street, suite string) (string, string, string) {
	if joinWords(line) == joinWords(number, street, suite) {
		return number, street, suite
	}
	return splitAddress(line)
}

var (
	// houseNumber is "12", "12B", "12½", "12-34", "12-B", or a grid number as "N6W23001".
	houseNumber = regexp.MustCompile(`(?i)^(?:\d+[a-z½¼¾]?|\d+-[\da-z]+|[nsew]\d+[nsew]\d+),?$`)
	halfNumber  = regexp.MustCompile(`^[1-9]/[2-9]$|^[½¼¾]$`)

	// unitWord begins a suite that its number follows; unitAlone is a suite by itself behind a street.
	unitWord  = regexp.MustCompile(`(?i)^(?:apt|apartment|unit|ste|suite|bldg|building|fl|floor|rm|room|spc|space|trlr|trailer|lot|ph|pmb|no)\.?$`)
	unitAlone = regexp.MustCompile(`(?i)^(?:ph|penthouse|rear|front|upper|lower|bsmt|basement|casita|guesthouse)\.?$`)
	unitShort = regexp.MustCompile(`(?i)^(?:(?:apt|unit|ste|suite)\.?#?\d+-?[a-z]?|#[\da-z]+(?:-[\da-z]+)?)$`)
	unitID    = regexp.MustCompile(`(?i)^#?(?:[a-z]|[a-z]{0,2}-?\d+(?:-?[a-z\d]+)?)$`)

	// streetType is the last word of a street's own name. Roads that are numbered themselves ("Highway 4") are left out.
	streetType = regexp.MustCompile(`(?i)^(?:st|street|ave|avenue|av|dr|drive|ln|lane|blvd|boulevard|ct|court|pl|place|way|ter|terrace|cir|circle|` +
		`trl|trail|pkwy|parkway|sq|square|loop|run|pike|plz|plaza|row|walk|xing|crossing|cv|cove|pt|point|rd|road)\.?$`)
	numberedRoad = regexp.MustCompile(`(?i)^(?:county|co|state|farm|forest|ranch|indian|cr|fm|private|us|interstate)\.?$`)
	direction    = regexp.MustCompile(`(?i)^(?:[nsew]|[ns][ew]|north|south|east|west|(?:north|south)(?:east|west))\.?$`)
)

// numberWords counts the words of the house number.
func numberWords(words []string) int {
	if !houseNumber.MatchString(words[0]) {
		return 0
	}
	if len(words) > 1 && halfNumber.MatchString(strings.TrimRight(words[1], ",")) {
		return 2
	}
	return 1
}

// suiteAt tells where the suite begins: at the end of the words when there is none.
func suiteAt(words []string, numbered bool) int {
	at := len(words)
	for {
		n := unitWords(words[:at], numbered)
		if n == 0 || at-n < 1 {
			return at
		}
		at -= n
	}
}

// unitWords counts the last words that are a suite, or the last part of one: "Bldg 2" of "Apt 4 Bldg 2".
func unitWords(words []string, numbered bool) int {
	n := len(words)
	if n < 2 || notAStreet(words[0]) {
		return 0
	}
	last := strings.TrimRight(words[n-1], ",")
	before := strings.TrimRight(words[n-2], ",")
	switch {
	case n > 2 && (unitWord.MatchString(before) && !streetType.MatchString(last) || before == "#") && unitID.MatchString(last) && (numbered || before != "#"):
		return 2
	case unitShort.MatchString(last) && (numbered || last[0] != '#'):
		return 1
	case !numbered:
		return 0
	case unitAlone.MatchString(last) && (endsStreet(words[:n-1]) || endsName(words[:n-1])):
		return 1
	case unitID.MatchString(last) && !direction.MatchString(last) && endsStreet(words[:n-1]):
		return 1
	}
	return 0
}

// notAStreet knows lines in which a box or a route has the number.
func notAStreet(firstWord string) bool {
	return boxOrRoute.MatchString(firstWord)
}

var boxOrRoute = regexp.MustCompile(`(?i)^(?:p\.?o\.?|p\.?o\.?b\.?|p|box|rr|r\.r\.|rural|rt|rte|route|hc|hcr|psc|cmr|unit|star)$`)

// endsName tells whether the words can be a street's whole name without saying what it is: "Camino Seco", but not "E Camino" or
// "Calle la".
func endsName(words []string) bool {
	n := len(words)
	return n > 1 && !direction.MatchString(words[n-2]) && !isParticle(words[n-1]) && !streetType.MatchString(words[n-1])
}

// endsStreet tells whether the words are a street's whole name, so that what follows is a suite: "N Oak St" and
// "Oak Ave NW", but neither "Avenue" nor "County Road".
func endsStreet(words []string) bool {
	n := len(words)
	if n > 2 && direction.MatchString(strings.TrimRight(words[n-1], ",")) {
		n--
	}
	if n < 2 || !streetType.MatchString(strings.TrimRight(words[n-1], ",")) {
		return false
	}
	return !numberedRoad.MatchString(words[n-2]) && !(n == 2 && direction.MatchString(words[0]))
}
