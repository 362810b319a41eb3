package bridge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"addtomojo/mojo"
	"addtomojo/store"
	"addtomojo/wiseagent"
)

// verdict is what an edit in Mojo does to the contact in Wise Agent.
type verdict struct {
	Set     map[string]string      // fields of updateContact; empty: nothing to write
	Seen    map[string]store.Field // parts as they are afterwards; empty: nothing came of it
	Remarks []string               // new values that found no place, for a note that says so
	Stale   bool                   // a change was older than what is there
	Removed bool                   // a value was removed in Mojo
	Stays   []string               // of what was removed: what Wise Agent has all the same, in words
	Ours    bool                   // a value is the one that Wise Agent had when we last saw it, or before
}

// weigh decides about the changes of one edit. now is the contact as Wise Agent has it, whole the contact as Mojo has it after
// the edit. A part that was changed in Wise Agent since we last saw it is not overwritten: a phone goes to a free field, else the
// value becomes a remark. An edit older than one that was dealt with changes nothing, nor does what was removed in Mojo, nor a value
// that Wise Agent had when we last saw it, or before, and has no more: a push brought it to Mojo, and Mojo only tells so.
func weigh(now wiseagent.Contact, whole mojoContact, seen map[string]store.Field, revision int64, changes []change) verdict {
	v := verdict{Set: map[string]string{}, Seen: map[string]store.Field{}}
	w := weighing{now: now, whole: whole, seen: seen, revision: revision, changes: changes, verdict: &v, held: map[string]string{}}
	for _, c := range inTurn(changes) {
		w.change(c)
	}
	for _, r := range w.removed {
		w.stays(r)
	}
	return v
}

// undealt are the values that the edit set, or found, without its revision.
func (v verdict) undealt() map[string]store.Field {
	values := make(map[string]store.Field)
	for part, f := range v.Seen {
		if f.Known {
			f.Revision, f.Contact = 0, 0
			values[part] = f
		}
	}
	return values
}

type weighing struct {
	now      wiseagent.Contact
	whole    mojoContact
	seen     map[string]store.Field
	revision int64
	changes  []change
	verdict  *verdict
	held     map[string]string // parts that this edit settled, as they are now
	removed  []removal
}

// inTurn puts the changes of phones in such an order that a number's place is given to another one before the number takes a new
// place: else it would count as being there, and then be overwritten. Where numbers only change places, the order stays.
func inTurn(changes []change) (ordered []change) {
	left := slices.Clone(changes)
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(c change) bool {
			_, brings := c.numbers()
			return brings == "" || !slices.ContainsFunc(left, func(other change) bool {
				gives, takes := other.numbers()
				return gives == brings && takes != "" && takes != brings
			})
		})
		next = max(next, 0)
		ordered = append(ordered, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return ordered
}

// numbers are those of the change of a phone, as ten digits; "" where there is none.
func (c change) numbers() (old, fresh string) {
	if c.Field != "phone" {
		return "", ""
	}
	old, _ = tenDigits(readMedia(c.Old).Value)
	fresh, _ = tenDigits(readMedia(c.New).Value)
	return old, fresh
}

// A removal is a value that Mojo has no more, in place of which it has none.
type removal struct{ part, value string }

func (w *weighing) change(c change) {
	remove := func(part, old, fresh string) {
		if fresh == "" {
			w.removed = append(w.removed, removal{part, old})
		}
	}
	switch c.Field {
	case "phone":
		old, fresh := readMedia(c.Old), readMedia(c.New)
		w.phone(old, fresh)
		remove(partFor(old.Type), old.Value, fresh.Value)
	case "email":
		old, fresh := readAddressee(c.Old), readAddressee(c.New)
		w.email(old, fresh)
		remove(partEmail, old, fresh)
	case "full_name":
		old, fresh := readString(c.Old), readString(c.New)
		w.single(partName, old, fresh)
		remove(partName, old, fresh)
	case "address":
		old, fresh := readAddress(c.Old), readAddress(c.New)
		w.single(partAddress, old, fresh)
		remove(partAddress, old, fresh)
	}
}

// stays notes what was removed in Mojo and is in Wise Agent when all is weighed.
func (w *weighing) stays(r removal) {
	part := r.part
	switch number, isNumber := tenDigits(r.value); {
	case w.inMojo(r.value):
		return // under another type
	case part == partEmail:
		emails, _ := readEmail(w.current(part))
		if !slices.ContainsFunc(emails, func(e string) bool { return strings.EqualFold(e, r.value) }) {
			return
		}
	case part == partName, part == partAddress:
		if w.current(part) == "" {
			return
		}
	default:
		at := slices.IndexFunc(phoneParts, func(p string) bool { return isNumber && slices.Contains(w.numbers(p), number) })
		if at < 0 {
			return
		}
		part = phoneParts[at]
	}
	w.verdict.Stays = append(w.verdict.Stays, strings.ToLower(partLabels[part]))
}

// inMojo tells whether Mojo's contact has a phone or an e-mail after the edit.
func (w *weighing) inMojo(value string) bool {
	number, isNumber := tenDigits(value)
	return slices.ContainsFunc(w.whole.Media, func(m media) bool {
		n, ok := tenDigits(m.Value)
		return isNumber && ok && n == number || strings.EqualFold(joinWords(m.Value), joinWords(value))
	})
}

// passes tells whether a new value of the part is there and newer than what was dealt with.
func (w *weighing) passes(part, fresh string) bool {
	if fresh == "" {
		w.verdict.Removed = true // what Wise Agent has stays
		return false
	}
	if before, ok := w.seen[part]; ok && before.Dealt() && before.Revision >= w.revision && before.Counts(int64(w.whole.ContactID)) {
		w.verdict.Stale = true
		return false
	}
	return true
}

// untouched tells whether the part is in Wise Agent as we last saw it; before we ever saw it, whether it is as Mojo had it.
func (w *weighing) untouched(part, old string) bool {
	current := w.current(part)
	if before, ok := w.seen[part]; ok && before.Known {
		return current == before.Value
	}
	return current == plainPart(part, old)
}

// current is the part as Wise Agent has it, counting what this edit has set already.
func (w *weighing) current(part string) string {
	if held, ok := w.held[part]; ok {
		return held
	}
	return partOf(w.now, part)
}

// email weighs an e-mail. Wise Agent's field may hold several, or words beside them: then the edited one alone takes its place.
func (w *weighing) email(old, fresh string) {
	emails, words := readEmail(w.now.Email)
	_, held := w.held[partEmail]
	if held || len(emails) < 2 && (words == "" || len(emails) == 0) || !w.passes(partEmail, fresh) {
		w.single(partEmail, old, fresh)
		return
	}
	has := func(email string) bool {
		return slices.ContainsFunc(emails, func(e string) bool { return strings.EqualFold(e, email) })
	}
	switch {
	case has(fresh):
		w.settle(partEmail, partEmail, w.now.Email)
	case w.overtaken(partEmail, old, fresh):
		w.verdict.Ours = true
	case w.seen[partEmail].Known && w.untouched(partEmail, old) && has(old):
		w.set(partEmail, partEmail, replaceFold(w.now.Email, old, fresh))
	default:
		w.remark(partEmail, fresh)
	}
}

// replaceFold puts an e-mail in the place of another one, whatever its case; not of the end of a longer one.
func replaceFold(s, old, fresh string) string {
	whole := regexp.MustCompile(`(?i)(^|[^\w.+-])` + regexp.QuoteMeta(old) + `($|[^\w.-])`)
	return whole.ReplaceAllString(s, "${1}"+strings.ReplaceAll(fresh, "$", "$$")+"${2}")
}

// single weighs a part that a contact has once in Wise Agent. Of e-mails Mojo may have several.
func (w *weighing) single(part, old, fresh string) {
	if !w.passes(part, fresh) {
		return
	}
	switch current := w.current(part); {
	case current == plainPart(part, fresh):
		w.settle(part, part, fresh)
	case w.seen[part].Known && w.seen[part].Value == plainPart(part, fresh), w.overtaken(part, old, fresh):
		w.verdict.Ours = true
	case current == "", w.untouched(part, old) && !(part == partEmail && w.otherEmail(current, old)):
		if part == partAddress {
			fresh = w.keepBlanks(old, fresh)
		}
		switch {
		case current != plainPart(part, fresh):
			w.set(part, part, fresh)
		case !w.verdict.Removed:
			w.settle(part, part, fresh)
		}
	default:
		w.remark(part, fresh)
	}
}

// keepBlanks fills the blank lines of an address with what Wise Agent has there: what Mojo has not, or has no more, doesn't wipe it.
func (w *weighing) keepBlanks(old, fresh string) string {
	was, lines := strings.Split(old, addressMark), strings.Split(fresh, addressMark)
	here := []string{joinWords(w.now.AddressNumber, w.now.AddressStreet, w.now.SuiteNo), w.now.City, w.now.State, w.now.Zip}
	for i, line := range lines {
		if line != "" || joinWords(here[i]) == "" {
			continue
		}
		lines[i] = here[i]
		if i < len(was) && was[i] != "" {
			w.verdict.Removed = true
			w.verdict.Stays = append(w.verdict.Stays, []string{"street", "city", "state", "zip"}[i])
		}
	}
	return strings.Join(lines, addressMark)
}

// otherEmail tells whether the edit is about another of Mojo's e-mails than the one that Wise Agent has.
func (w *weighing) otherEmail(current, old string) bool {
	if old == "" {
		return true
	}
	return current != plainPart(partEmail, old) && slices.ContainsFunc(w.whole.Media, func(m media) bool {
		return mojo.MediaType(m.Type) == mojo.MediaEmail && plainPart(partEmail, m.Value) == current
	})
}

// phoneParts are the phone fields in the order in which a free one is looked for.
var phoneParts = []string{partMobile, partHome, partWork}

// phone weighs a number. It takes the place of the old one, wherever that is, unless Mojo still has that under another type; else its
// own field, when that is free or holds a number that Mojo has no more; else any free field. When all are taken it becomes a remark.
func (w *weighing) phone(old, fresh media) {
	own := partFor(fresh.Type)
	if !w.passes(own, fresh.Value) {
		return
	}
	number, ok := tenDigits(fresh.Value)
	if !ok {
		w.remark(own, fresh.Value)
		return
	}
	part := w.place(own, number, old)
	switch {
	case (w.hadNumber(number) || w.numberOvertaken(old.Value, number)) && !w.hasNumber(number) &&
		(part == "" || !slices.Contains(w.numbers(part), number)):
		w.verdict.Ours = true
	case part == "":
		w.remark(own, number)
	case slices.Contains(w.numbers(part), number):
		w.settle(part, own, w.current(part))
	default:
		w.set(part, own, number)
	}
}

// hadNumber tells whether Wise Agent had the number when we last saw it.
func (w *weighing) hadNumber(number string) bool {
	return slices.ContainsFunc(phoneParts, func(part string) bool {
		return w.seen[part].Known && slices.Contains(readPhone(w.seen[part].Value).Numbers, number)
	})
}

// overtaken tells whether a push before the last one, or one since the edit came, brought a value of a part to Mojo, which tells so
// only now. In place of a later one of Wise Agent's values it is no echo: somebody in Mojo gave it back.
func (w *weighing) overtaken(part, old, fresh string) bool {
	was, is := plainPart(part, old), plainPart(part, fresh)
	return w.had(part, func(value string) bool { return value == is }, func(value string) bool { return value == was && was != "" })
}

// numberOvertaken tells so of a number in any phone field.
func (w *weighing) numberOvertaken(old, number string) bool {
	was, _ := tenDigits(old)
	holds := func(n string) func(string) bool {
		return func(value string) bool { return slices.Contains(readPhone(value).Numbers, n) }
	}
	return slices.ContainsFunc(phoneParts, func(part string) bool { return w.had(part, holds(number), holds(was)) })
}

// had tells whether a part had a fresh value before the one that we saw last, and no old one since.
func (w *weighing) had(part string, isFresh, isOld func(string) bool) bool {
	seen := w.seen[part]
	for i, value := range slices.Backward(seen.Earlier) {
		if isFresh(value) {
			return !slices.ContainsFunc(append(slices.Clone(seen.Earlier[i:]), seen.Value), isOld)
		}
	}
	return false
}

// hasNumber tells whether Wise Agent has it before this edit.
func (w *weighing) hasNumber(number string) bool {
	return slices.ContainsFunc(phoneParts, func(part string) bool { return slices.Contains(readPhone(partOf(w.now, part)).Numbers, number) })
}

// place finds the field for a number, "" when there is none.
func (w *weighing) place(own, number string, old media) string {
	ownFirst := phoneParts
	if own != partOther {
		ownFirst = append([]string{own}, phoneParts...)
	}
	has := func(n string) string {
		for _, part := range ownFirst {
			if slices.Contains(w.numbers(part), n) {
				return part
			}
		}
		return ""
	}
	if part := has(number); part != "" {
		return part
	}
	was, _ := tenDigits(old.Value)
	if part := has(was); was != "" && part != "" && len(w.numbers(part)) == 1 && w.untouched(part, old.Value) && !w.staysElsewhere(was) {
		return part
	}
	if own != partOther && was != "" && w.untouched(own, old.Value) && len(w.numbers(own)) < 2 && !w.stillInMojo(own) {
		return own
	}
	for _, part := range ownFirst {
		if w.current(part) == "" {
			return part
		}
	}
	return ""
}

// staysElsewhere tells whether Mojo's contact still has a number in whose place there is another one, and this edit didn't bring it
// there: what Wise Agent has of it is not to be overwritten.
func (w *weighing) staysElsewhere(number string) bool {
	return w.inMojo(number) && !slices.ContainsFunc(w.changes, func(c change) bool {
		_, brings := c.numbers()
		return brings == number
	})
}

// numbers are the numbers in a phone field.
func (w *weighing) numbers(part string) []string { return readPhone(w.current(part)).Numbers }

// stillInMojo tells whether Mojo's contact has the field's number yet: then another one of its numbers was edited.
func (w *weighing) stillInMojo(part string) bool {
	numbers := w.numbers(part)
	return slices.ContainsFunc(w.whole.Media, func(m media) bool {
		n, ok := tenDigits(m.Value)
		return ok && slices.Contains(numbers, n)
	})
}

// set writes a value into a part. own is the part that it is in Mojo: the edit is dealt with for that.
func (w *weighing) set(part, own, value string) {
	if slices.Contains(phoneParts, part) {
		value = joinWords(phoneText(value), readPhone(w.current(part)).Text) // "evenings only" stays
	}
	for name, v := range fieldsOf(w.now, part, value) {
		w.verdict.Set[name] = v
	}
	w.settle(part, own, value)
}

// settle notes what a part holds afterwards, and the edit as dealt with.
func (w *weighing) settle(part, own, value string) {
	f := w.verdict.Seen[part]
	f.Value, f.Known = plainPart(part, value), true
	w.verdict.Seen[part], w.held[part] = f, f.Value
	w.dealt(own)
}

// dealt notes the edit as dealt with. What else was seen of a part is left to what is stored: a push may know better by now.
func (w *weighing) dealt(part string) {
	f := w.verdict.Seen[part]
	f.Revision, f.Contact = w.revision, int64(w.whole.ContactID)
	w.verdict.Seen[part] = f
}

func (w *weighing) remark(part, value string) {
	if slices.Contains(append([]string{partOther}, phoneParts...), part) {
		value = shownNumber(value)
	}
	lines := slices.DeleteFunc(strings.Split(value, addressMark), func(line string) bool { return line == "" })
	w.verdict.Remarks = append(w.verdict.Remarks, fmt.Sprintf("%s: %s", partLabels[part], oneLine(strings.Join(lines, ", "), shortText)))
	w.dealt(part)
}
