package web

import (
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const launchSecret = "a launch secret for tests"

var launchNow = time.Date(2026, 11, 22, 17, 3, 11, 0, time.UTC)

// signedLaunch is a launch as Wise Agent would sign it, ts being age before launchNow.
func signedLaunch(age time.Duration) url.Values {
	form := url.Values{
		"contacts": {"26855,26856,V12"},
		"user":     {"Jane@Example.com"},
		"nonce":    {"n-8f2a"},
		"ts":       {strconv.FormatInt(launchNow.Add(-age).Unix(), 10)},
	}
	form.Set("signature", hex.EncodeToString(signLaunch(form, launchSecret)))
	return form
}

// A fixed vector, computed with another implementation, keeps signLaunch from being wrong on both sides:
// printf 'contacts=26855,26856\nnonce=abc\nts=1790000000\nuser=jane@example.com' | openssl dgst -sha256 -hmac s3cret
func TestSignLaunchVector(t *testing.T) {
	form := url.Values{"user": {"jane@example.com"}, "ts": {"1790000000"}, "nonce": {"abc"}, "contacts": {"26855,26856"}}
	got := hex.EncodeToString(signLaunch(form, "s3cret"))
	want := "f5564c523d8bd19851d4761f454be3de9149d51a6bf21893361c0f304ff20394"
	if got != want {
		t.Errorf("signature: got %s, want %s", got, want)
	}
}

func TestReadLaunchSigned(t *testing.T) {
	resign := func(f url.Values) { f.Set("signature", hex.EncodeToString(signLaunch(f, launchSecret))) }
	cases := []struct {
		name string
		age  time.Duration
		edit func(url.Values)
		want error
	}{
		{"valid", 0, nil, nil},
		{"upper-case hex", 0, func(f url.Values) { f.Set("signature", strings.ToUpper(f.Get("signature"))) }, nil},
		{"unknown parameter beside", 0, func(f url.Values) { f.Set("theme", "dark") }, nil},
		{"90 s old", 90 * time.Second, nil, nil},
		{"91 s old", 91 * time.Second, nil, errLaunchOld},
		{"90 s ahead", -90 * time.Second, nil, nil},
		{"91 s ahead", -91 * time.Second, nil, errLaunchEarly},
		{"flipped bit", 0, flipSignature, errLaunchSignature},
		{"contacts changed", 0, func(f url.Values) { f.Set("contacts", "26855,26856") }, errLaunchSignature},
		{"contacts reordered", 0, func(f url.Values) { f.Set("contacts", "26856,26855,V12") }, errLaunchSignature},
		{"user changed", 0, func(f url.Values) { f.Set("user", "joe@example.com") }, errLaunchSignature},
		{"ts changed", 0, func(f url.Values) { f.Set("ts", "1790000000") }, errLaunchSignature},
		{"nonce changed", 0, func(f url.Values) { f.Set("nonce", "n-8f2b") }, errLaunchSignature},
		{"signature missing", 0, func(f url.Values) { f.Del("signature") }, errLaunchUnsigned},
		{"signature cut", 0, func(f url.Values) { f.Set("signature", f.Get("signature")[:32]) }, errLaunchSignature},
		{"signature not hex", 0, func(f url.Values) { f.Set("signature", "zz") }, errLaunchSignature},
		{"user missing", 0, func(f url.Values) { f.Del("user"); resign(f) }, errLaunchSignature},
		{"nonce missing", 0, func(f url.Values) { f.Del("nonce"); resign(f) }, errLaunchSignature},
		{"ts missing", 0, func(f url.Values) { f.Del("ts"); resign(f) }, errLaunchSignature},
		{"ts not a number", 0, func(f url.Values) { f.Set("ts", "now"); resign(f) }, errLaunchSignature},
		{"line break in a value", 0, func(f url.Values) { f.Set("nonce", "a\nts=1"); resign(f) }, errLaunchSignature},
		{"carriage return in a value", 0, func(f url.Values) { f.Set("user", "a@example.com\r"); resign(f) }, errLaunchSignature},
		{"contacts twice", 0, func(f url.Values) { f.Add("contacts", "1") }, errLaunchTwice},
		{"signature twice", 0, func(f url.Values) { f.Add("signature", f.Get("signature")) }, errLaunchTwice},
		{"unknown parameter twice", 0, func(f url.Values) { f["x"] = []string{"1", "2"} }, errLaunchTwice},
		{"no contacts, signed", 0, func(f url.Values) { f.Set("contacts", ""); resign(f) }, nil},
	}
	for _, c := range cases {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(c.name+"/"+method, func(t *testing.T) {
				form := signedLaunch(c.age)
				if c.edit != nil {
					c.edit(form)
				}
				got, err := readLaunch(launchHTTP(method, form), launchSecret, launchNow)
				if !errors.Is(err, c.want) {
					t.Fatalf("error: got %v, want %v", err, c.want)
				}
				if err == nil && (!got.Signed || got.User != "jane@example.com" || got.Nonce == "") {
					t.Errorf("launch: got %+v, want signed by jane@example.com with a nonce", got)
				}
				if err != nil && got != (launchParams{}) {
					t.Errorf("launch beside an error: got %+v, want nothing", got)
				}
			})
		}
	}
}

func flipSignature(f url.Values) {
	raw, _ := hex.DecodeString(f.Get("signature"))
	raw[7] ^= 1
	f.Set("signature", hex.EncodeToString(raw))
}

func launchHTTP(method string, form url.Values) *http.Request {
	if method == http.MethodGet {
		return httptest.NewRequest(method, "/launch?"+form.Encode(), nil)
	}
	r := httptest.NewRequest(method, "/launch", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestReadLaunchUnsigned(t *testing.T) {
	form := url.Values{"contacts": {"26855"}, "user": {"jane@example.com"}, "nonce": {"n"}}
	got, err := readLaunch(launchHTTP(http.MethodPost, form), "", launchNow)
	if want := (launchParams{Contacts: "26855"}); err != nil || got != want {
		t.Errorf("without a secret: got %+v, %v, want %+v and no error: user and nonce are not to be believed", got, err, want)
	}
	if _, err := readLaunch(launchHTTP(http.MethodPost, form), launchSecret, launchNow); !errors.Is(err, errLaunchUnsigned) {
		t.Errorf("with a secret: got %v, want %v", err, errLaunchUnsigned)
	}
}

func TestReadLaunchQueryAndBodyTogether(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/launch?contacts=1", strings.NewReader("contacts=2"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := readLaunch(r, "", launchNow); !errors.Is(err, errLaunchTwice) {
		t.Errorf("contacts in query and body: got %v, want %v", err, errLaunchTwice)
	}
}

func TestReadLaunchUnreadable(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/launch?contacts=%zz-secret", nil)
	_, err := readLaunch(r, "", launchNow)
	if !errors.Is(err, errLaunchForm) || strings.Contains(err.Error(), "zz") {
		t.Errorf("broken query: got %v, want %v without what was sent", err, errLaunchForm)
	}
}

func TestReadLaunchTooLarge(t *testing.T) {
	r := launchHTTP(http.MethodPost, url.Values{"contacts": {strings.Repeat("1,", launchBodyLimit)}})
	r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, launchBodyLimit)
	_, err := readLaunch(r, "", launchNow)
	var tooLarge *http.MaxBytesError
	if !errors.As(err, &tooLarge) {
		t.Errorf("body over the limit: got %v, want a *http.MaxBytesError", err)
	}
}
