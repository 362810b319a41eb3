package wiseagent

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest body that the API reads, in bytes.
const maxBody = 8 << 20

// params are the parameters of one API request, from the query and the form together, as classic ASP gives them: names count
// in any case, and the query wins.
type params struct {
	values map[string]string // by name in lower case
	names  []string          // as the caller spelled them
}

// readParams reads the query and, whatever the verb, a form in the body.
func readParams(r *http.Request) (params, error) {
	p := params{values: map[string]string{}}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return p, fmt.Errorf("read query: %w", err)
	}
	p.add(query)
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return p, fmt.Errorf("read body: %w", err)
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return p, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return p, fmt.Errorf("read form: %w", err)
	}
	p.add(form)
	return p, nil
}

// add takes over the values whose names are new.
func (p *params) add(values url.Values) {
	for name, v := range values {
		key := strings.ToLower(name)
		if _, known := p.values[key]; known || len(v) == 0 {
			continue
		}
		p.values[key] = v[0]
		p.names = append(p.names, name)
	}
}

// get gives the value of a parameter, "" when it was not sent.
func (p params) get(name string) string { return p.values[strings.ToLower(name)] }

// sent says whether the parameter was sent, if only empty.
func (p params) sent(name string) bool {
	_, ok := p.values[strings.ToLower(name)]
	return ok
}

// list gives the values of a list separated by the separators, without blanks around them and without empty ones.
func (p params) list(name, separators string) []string {
	var all []string
	for _, v := range strings.FieldsFunc(p.get(name), func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if v = strings.TrimSpace(v); v != "" {
			all = append(all, v)
		}
	}
	return all
}

// yes reads a bool as people and programs write it.
func (p params) yes(name string) bool {
	switch strings.ToLower(p.get(name)) {
	case "true", "1", "yes", "y", "on":
		return true
	}
	return false
}

// page cuts the page that was asked for out of all items. Without a page number it gives everything, or, where always is set,
// the first page.
func page[T any](p params, all []T, size int, always bool) []T {
	if !p.sent("page") && !always {
		return all
	}
	if n := atoi(p.get("page_size")); n > 0 {
		size = min(n, len(all)+1)
	}
	number := min(max(atoi(p.get("page")), 1), len(all)+1) // any page behind the last one is empty
	from := min((number-1)*size, len(all))
	return all[from:min(from+size, len(all))]
}

// arizona is the zone of Wise Agent's zone-less times: seven hours behind UTC, all year.
func arizona() *time.Location { return time.FixedZone("MST", -7*60*60) }

// usDate writes a time as Wise Agent does, in the zone of the time.
func usDate(t time.Time) string { return t.Format("1/2/2006 3:04:05 PM") }

// parseTime reads a time in one of the layouts that Wise Agent documents for filters and for the Call List.
func parseTime(value string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04", "01/02/2006 15:04", "2006-01-02", "01/02/2006", "2006-01-02 15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(value), zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func itoa(n int) string { return strconv.Itoa(n) }

// atoi reads a number, 0 when it is none.
func atoi(s string) int {
	n, _ := number(s)
	return n
}

// number reads a positive number.
func number(s string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	return n, err == nil && n > 0
}

// vendorNumber reads the id of a vendor, a number after a V.
func vendorNumber(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if s == "" || (s[0] != 'V' && s[0] != 'v') {
		return 0, false
	}
	return number(s[1:])
}

// digitsOf keeps the digits of a typed phone number.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
