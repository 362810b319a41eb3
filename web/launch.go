package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"addtomojo/bridge"
	"addtomojo/store"
)

// launchTolerance is how far a signed launch's ts may lie from our clock, both ways.
const launchTolerance = 90 * time.Second

// launchBodyLimit is the largest launch form in bytes. 5,000 ClientIDs of twelve characters, every comma escaped, are
// 75 kB; who selects all of a large account still gets the page that says how many contacts are allowed.
const launchBodyLimit = 1 << 20

var (
	errLaunchForm      = errors.New("launch: not a readable form")
	errLaunchTwice     = errors.New("launch: a parameter is given twice")
	errLaunchUnsigned  = errors.New("launch: not signed")
	errLaunchSignature = errors.New("launch: the signature does not fit")
	errLaunchOld       = errors.New("launch: ts is too far behind our clock")
	errLaunchEarly     = errors.New("launch: ts is too far ahead of our clock")
)

// launchSecretLeast is the shortest secret of launches in bytes. Who guesses it signs in as anybody: a launch's user is believed.
const launchSecretLeast = 16

// CheckLaunchSecret says what is wrong with [Server.LaunchSecret], without quoting it.
func CheckLaunchSecret(secret string) error {
	if secret != "" && len(secret) < launchSecretLeast {
		return fmt.Errorf("it is shorter than %d characters, and whoever guesses it signs in as any customer: agree on a random one with Wise Agent",
			launchSecretLeast)
	}
	return nil
}

// launchParams is what Wise Agent sends along when it opens the popup. User and Nonce are set only when the launch is
// signed with our secret: what is not signed is only a wish for contacts.
type launchParams struct {
	Contacts string // comma-separated ClientIDs, as sent
	User     string // the Wise Agent user's e-mail, trimmed and in lower case
	Nonce    string
	Signed   bool
}

// readLaunch takes a launch from a GET's query or a POST's form and checks it. With an empty secret every launch is
// unsigned and its signature, user and nonce are ignored; with a secret an unsigned launch is errLaunchUnsigned.
func readLaunch(r *http.Request, secret string, now time.Time) (launchParams, error) {
	form, err := launchForm(r)
	if err != nil {
		return launchParams{}, err
	}
	p := launchParams{Contacts: form.Get("contacts")}
	if secret == "" {
		return p, nil
	}
	if err := checkLaunch(form, secret, now); err != nil {
		return launchParams{}, err
	}
	p.User = strings.ToLower(strings.TrimSpace(form.Get("user")))
	p.Nonce = form.Get("nonce")
	p.Signed = true
	return p, nil
}

// launchForm reads query and body together, so that a parameter in both counts as given twice.
func launchForm(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, fmt.Errorf("read launch: %w", err)
		}
		return nil, errLaunchForm // the error itself would quote what was sent
	}
	for _, values := range r.Form {
		if len(values) > 1 {
			return nil, errLaunchTwice
		}
	}
	return r.Form, nil
}

// checkLaunch says whether the form is signed with secret and fresh. The signature comes first: who doesn't know the
// secret learns nothing about our clock.
func checkLaunch(form url.Values, secret string, now time.Time) error {
	signature := form.Get("signature")
	if signature == "" {
		return errLaunchUnsigned
	}
	given, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(given, signLaunch(form, secret)) {
		return errLaunchSignature
	}
	for _, key := range signedKeys {
		if !goodValue(key, form.Get(key)) {
			return errLaunchSignature
		}
	}
	ts, err := strconv.ParseInt(form.Get("ts"), 10, 64)
	if err != nil {
		return errLaunchSignature
	}
	switch age := now.Unix() - ts; {
	case age > seconds(launchTolerance):
		return errLaunchOld
	case age < -seconds(launchTolerance):
		return errLaunchEarly
	}
	return nil
}

// goodValue says whether the value of a signed key can be what Wise Agent signed.
func goodValue(key, v string) bool {
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		return false // a line break in a value could pass for another key
	}
	switch n := utf8.RuneCountInString(v); key {
	case "nonce":
		return 0 < n && n <= 200
	case "user":
		return 0 < n && n <= 254 // no address is longer
	case "ts":
		return n > 0
	}
	return true
}

// signedKeys are what the signature covers, sorted by name.
var signedKeys = []string{"contacts", "nonce", "ts", "user"}

// signLaunch is HMAC-SHA256 with secret over the signed keys as key=value lines joined by "\n".
func signLaunch(form url.Values, secret string) []byte {
	lines := make([]string, len(signedKeys))
	for i, key := range signedKeys {
		lines[i] = key + "=" + form.Get(key)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.Join(lines, "\n")))
	return mac.Sum(nil)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// launch takes the selected contacts over from Wise Agent and goes on at a clean address. A signed launch signs the
// customer in. An unsigned one leaves the session alone: a form posted by another site arrives without its cookie.
func (a *app) launch(c echo.Context) error {
	r, v := c.Request(), visitOf(c)
	p, err := readLaunch(r, a.LaunchSecret, a.now())
	if err != nil {
		return a.elsewhere(c, err, "")
	}
	if !p.Signed {
		if err := a.launches.take(c.RealIP(), 1+strings.Count(p.Contacts, ",")/contactsPerToken); err != nil {
			return a.elsewhere(c, err, "")
		}
		p.User = v.who().Email
	}
	l, err := a.Bridge.Launch(r.Context(), bridge.LaunchRequest{
		Contacts: p.Contacts, Signed: p.Signed, Email: p.User, Nonce: p.Nonce,
	})
	if err != nil {
		return a.launchRefused(c, l, err)
	}
	if p.Signed {
		err = a.sessions.signIn(c.Response(), r, v.session, l.Email, func(who *visitor) { who.hold(l.ID, false) })
	} else {
		err = a.claim(c, l)
	}
	if err != nil {
		return err
	}
	return a.seeOther(c, launchPath(l.ID))
}

// launchRefused shows why the launch is refused. Who opened it is signed in, where it proves that: their account's pages are
// of use without contacts, too.
func (a *app) launchRefused(c echo.Context, l store.Launch, refusal error) error {
	if l.Email != "" {
		if err := a.sessions.signIn(c.Response(), c.Request(), visitOf(c).session, l.Email, func(*visitor) {}); err != nil {
			return err
		}
	}
	return a.elsewhere(c, refusal, "")
}
