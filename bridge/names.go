package bridge

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// noLastName stands where Wise Agent asks for a last name and there is none.
const noLastName = "-"

// splitName makes Mojo's one name field the first and the last name that Wise Agent asks for. It
// guesses as little as it can: in doubt it splits before the last word, and the two joined by a blank are the name
// again, but for a comma, which tells the order. Without a last name it gives "-", without any name nothing.
//
// Couples share a last name ("Ann & Bob", "Lee"); suffixes ("Jr.", "MD"), remarks in parentheses and particles
// ("van der") stay with the last name, titles ("Dr.") with the first. A company is a first name as a whole.
func splitName(full string) (first, last string) {
	words := nameWords(full)
	if len(words) > 1 && words[len(words)-1] == noLastName { // a name that we made
		words = words[:len(words)-1]
		return strings.Join(words, " "), noLastName
	}
	if len(words) == 0 {
		return "", ""
	}
	if isCompany(full) || !slices.ContainsFunc(words, hasLetter) { // or a phone number instead of a name
		return strings.Join(words, " "), noLastName
	}
	first, last = splitPeople(words)
	if first == "" {
		first, last = last, ""
	}
	if last == "" {
		last = noLastName
	}
	return first, last
}

// nameWords are the words of a name. Stray commas and connectives at the ends are dropped.
func nameWords(full string) []string {
	words := strings.Fields(blankComma.ReplaceAllString(joinWords(full), ", "))
	stray := func(w string) bool { return strings.Trim(w, ",;&+/") == "" }
	words = slices.DeleteFunc(words, func(w string) bool { return strings.Trim(w, ",;") == "" })
	for len(words) > 0 && stray(words[0]) {
		words = words[1:]
	}
	for len(words) > 0 && stray(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if n := len(words); n > 0 {
		words[n-1] = strings.TrimRight(words[n-1], ",;")
	}
	return words
}

// splitPeople splits the name of a person or of a couple.
func splitPeople(words []string) (first, last string) {
	words, tail := cutTail(words)
	if comma := slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, ",") }); comma >= 0 {
		first, last = splitAtComma(words, comma)
	} else if and := slices.IndexFunc(words, isAnd); and > 0 && and < len(words)-1 {
		first, last = splitCouple(words, and)
	} else {
		first, last = splitPerson(words)
	}
	switch {
	case last != "":
		last = joinWords(last, tail)
	default: // "Ann Jr." has no last name
		first = joinWords(first, tail)
	}
	return first, last
}

// splitAtComma reads "Lee, Ann". More than one comma says too little about who is who.
func splitAtComma(words []string, comma int) (first, last string) {
	before := slices.Clone(words[:comma+1])
	before[comma] = strings.TrimRight(before[comma], ",")
	after := words[comma+1:]
	if slices.ContainsFunc(after, func(w string) bool { return strings.HasSuffix(w, ",") }) {
		return strings.Join(words, " "), ""
	}
	if len(after) == 0 {
		return splitPerson(before)
	}
	return strings.Join(after, " "), strings.Join(before, " ")
}

// splitCouple reads "Ann & Bob Lee" and "Ann Lee & Bob Ray".
func splitCouple(words []string, and int) (first, last string) {
	leftFirst, leftLast := splitFirstOf(words[:and])
	right := words[and+1:]
	rightFirst, rightLast := splitPeople(right)
	if rightLast == "" && len(right) > 0 && isTitle(right[0]) {
		rightFirst, rightLast = "", rightFirst
	}
	switch {
	case leftLast == "" && rightLast == "": // "Ann & Bob"
		return strings.Join(words, " "), ""
	case leftLast == "": // "Ann & Bob Lee"
		return joinWords(leftFirst, words[and], rightFirst), rightLast
	case strings.EqualFold(leftLast, rightLast): // "Ann Lee & Bob Lee"
		return joinWords(leftFirst, words[and], rightFirst), rightLast
	}
	return leftFirst, joinWords(leftLast, strings.Join(words[and:], " ")) // "Ann Lee & Bob Ray"
}

// splitFirstOf splits the half of a couple that comes first. It has no last name when it is a title, ends in an initial or in
// one of the names that go with another first name: "Mr. & Mrs. Lee", "Ann M. & Bob Lee", "Mary Ann & Bob Lee".
func splitFirstOf(words []string) (first, last string) {
	end := words[len(words)-1]
	if slices.IndexFunc(words, func(w string) bool { return !isTitle(w) }) < 0 || isInitial(end) || len(words) == 2 && secondNames[strings.ToLower(end)] {
		return strings.Join(words, " "), ""
	}
	return splitPeople(words)
}

// splitPerson splits before the last word and what belongs to it.
func splitPerson(words []string) (first, last string) {
	if len(words) < 2 {
		return strings.Join(words, " "), ""
	}
	at := len(words) - 1
	for at > 1 {
		before := words[at-1]
		if at > 2 && (before == "y" || before == "e" || before == "-" || before == "–") { // "López y García"
			at -= 2
			continue
		}
		if !isParticle(before) {
			break
		}
		at--
	}
	if at == 1 && len(words) > 2 && isParticle(words[0]) { // "de la Cruz" is a last name alone
		return strings.Join(words, " "), ""
	}
	return strings.Join(words[:at], " "), strings.Join(words[at:], " ")
}

func hasLetter(w string) bool { return strings.IndexFunc(w, unicode.IsLetter) >= 0 }

// isSign tells whether a word can't be a name, nor a number in place of one: a star, an emoji.
func isSign(w string) bool {
	return !hasLetter(w) && strings.IndexFunc(w, unicode.IsDigit) < 0 && !strings.HasSuffix(w, ")")
}

// cutTail takes off what follows a last name: suffixes, "(…)", "c/o …", signs, and a number behind two words.
func cutTail(words []string) (name []string, tail string) {
	end := len(words)
	for i := 1; i < end; i++ {
		if isAside(words, i) {
			end = i
		}
	}
	for end > 1 {
		switch w := words[end-1]; {
		case isSuffix(words[:end], end-1), isSign(w), end > 2 && !hasLetter(w) && !strings.HasSuffix(w, ")"):
			end--
		case strings.HasSuffix(w, ")"):
			open := end - 1
			for open > 0 && !strings.HasPrefix(words[open], "(") {
				open--
			}
			if open == 0 {
				return parted(words, end)
			}
			end = open
		default:
			return parted(words, end)
		}
	}
	return parted(words, end)
}

// parted cuts the words at the end of the name. The commas around suffixes go.
func parted(words []string, end int) ([]string, string) {
	name, tail := slices.Clone(words[:end]), slices.Clone(words[end:])
	if len(tail) == 0 {
		return name, ""
	}
	name[end-1] = strings.TrimRight(name[end-1], ",")
	for i := range tail {
		if isSuffix(tail, i) || i+1 < len(tail) && isSuffix(tail, i+1) {
			tail[i] = strings.TrimRight(tail[i], ",")
		}
	}
	return name, strings.Join(tail, " ")
}

// bareWord is a word as the tables have it: lower case without dots and commas.
func bareWord(w string) string {
	return strings.ToLower(strings.NewReplacer(".", "", ",", "").Replace(w))
}

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// blankComma is a comma with any blanks around it.
var blankComma = regexp.MustCompile(`\s*,\s*`)

var (
	titles = wordSet("mr mrs ms miss mx dr prof rev fr hon judge sir dame capt captain sgt lt col maj gen cpl pastor rabbi sister brother sr sra srta señor señora")

	suffixes = wordSet("jr sr ii iii iv 2nd 3rd 4th esq md dds dmd phd dvm jd mba cpa rn dnp edd psyd trustee ttee ret realtor")

	// doubtfulSuffixes are last names, too ("Kim Do"): they count in capitals beside a name that is not.
	doubtfulSuffixes = wordSet("v do od pe pa ma np dc lpn")

	particles = wordSet("van von vom der den de del della dello delle di da dal dos das do du des la le las los lo ter ten te zu zur " +
		"al el bin ibn bint st saint san santa santo mac mc o' d' vander af av")

	// lowerParticles count in lower case only: they are first names, too.
	lowerParticles = wordSet("al el do te san lo af av ter ten mac")

	// secondNames are often a part of a first name: "Mary Ann".
	secondNames = wordSet("ann anne marie lynn lynne jo sue lou beth jean jane kay ellen louise rose mae may grace elizabeth")

	asides = wordSet("c/o dba d/b/a aka a/k/a fka f/k/a attn attn:")
)

func isTitle(w string) bool { return titles[bareWord(w)] }

func isAnd(w string) bool {
	switch strings.ToLower(w) {
	case "&", "+", "/", "and", "or":
		return true
	}
	return false
}

func isInitial(w string) bool {
	return utf8.RuneCountInString(strings.TrimRight(w, ".")) == 1 && unicode.IsUpper([]rune(w)[0])
}

func isParticle(w string) bool {
	bare := bareWord(w)
	return particles[bare] && (!lowerParticles[bare] || w == strings.ToLower(w))
}

// isSuffix tells whether a word follows a last name. The word behind a comma is judged by itself, another one only if
// two words or more stand before it, or its meaning is plain.
func isSuffix(words []string, at int) bool {
	bare := bareWord(words[at])
	if suffixes[bare] {
		return true
	}
	if !doubtfulSuffixes[bare] || words[at] != strings.ToUpper(words[at]) || at < 1 {
		return false
	}
	before := strings.Join(words[:at], " ")
	return strings.HasSuffix(before, ",") || at > 1 && (bare == "v" || before != strings.ToUpper(before))
}

// isAside tells whether something begins that is no name: "c/o", "dba", "et al".
func isAside(words []string, at int) bool {
	w := strings.ToLower(words[at])
	if asides[w] {
		return true
	}
	return w == "et" && at+1 < len(words) && wordSet("al ux vir")[bareWord(words[at+1])]
}

var (
	// companyWord is found in the names of companies and trusts only.
	companyWord = regexp.MustCompile(`(?i)(?:^|[\s,])(?:l\.?l\.?c\.?|p\.?l\.?l\.?c\.?|l\.?l\.?l?\.?p\.?|inc\.?|incorporated|corp\.?|corporation|ltd\.?|limited|gmbh|hoa|` +
		`trust|&\s*(?:co\.?|sons?|daughters?|bros\.?|associates)|co\.)(?:$|[\s,])`)

	// retirementAccount is an IRA. "Ira" is a first name, too: it counts in capitals behind a name.
	retirementAccount = regexp.MustCompile(`(?:[^\s,]\s|\S\s\S+,\s)IRA(?:$|[\s,])`)

	// companyEnd is how names of companies and households end. It leaves out words that are last names, too.
	companyEnd = regexp.MustCompile(`(?i)\s(?:company|properties|realty|realtors|holdings?|invest(?:ments?|ors)|enterprises?|associates|partners(?:hip)?|` +
		`foundation|association|construction|group|services?|rentals?|ventures?|capital|mortgage|builders|develop(?:ment|ers)|management|` +
		`solutions|systems|international|insurance|apartments|bros\.?|brothers|ministries|club|team|family|household|plumbing|roofing|` +
		`landscaping|restaurant|dental|clinic|hospital|university|agency|department|estates|fund|authority|council|society|institute|farms|` +
		`l\.?p\.?|p\.c\.)$`)

	// companyShape is "The …", "Estate of …" and everything else with an "of" in it.
	companyShape = regexp.MustCompile(`(?i)^the\s\S|\sof\s`)
)

// isCompany tells whether a name is surely that of a company, a trust or a household instead of a person.
func isCompany(full string) bool {
	name := joinWords(full)
	name = strings.TrimSuffix(name, " "+noLastName)
	return companyWord.MatchString(name) && strings.Contains(name, " ") || retirementAccount.MatchString(name) ||
		companyEnd.MatchString(name) || companyShape.MatchString(name)
}
