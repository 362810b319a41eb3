package post

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes or so"))

// office is a stand-in at work, with the address of its mail server.
func office(t *testing.T) (*Server, string) {
	t.Helper()
	s := New(Config{Secret: secret})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.ServeMail(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

const letter = "From: addtomojo@example.com\r\nTo: kate@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nOpen http://127.0.0.1:8080/reconnect/ABC now =3D soon.\r\n"

func post(address string) error {
	return smtp.SendMail(address, nil, "addtomojo@example.com", []string{"kate@example.com"}, []byte(letter))
}

func TestMailIsKeptAndShown(t *testing.T) {
	s, address := office(t)
	if err := post(address); err != nil {
		t.Fatal(err)
	}
	mails := s.Mails()
	if len(mails) != 1 {
		t.Fatalf("mails: got %d, want 1", len(mails))
	}
	m := mails[0]
	if m.Subject != "Grüße" || m.Text != "Open http://127.0.0.1:8080/reconnect/ABC now = soon.\n" || m.To[0] != "kate@example.com" {
		t.Errorf("mail: got %+v", m)
	}
	page := get(s)
	for _, want := range []string{"Grüße", `<a href="http://127.0.0.1:8080/reconnect/ABC">`, "kate@example.com"} {
		if !strings.Contains(page, want) {
			t.Errorf("page: %q is not in\n%s", want, page)
		}
	}
}

func get(s *Server) string {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w.Body.String()
}

func TestMailCanFail(t *testing.T) {
	for _, test := range []struct {
		fault MailFault
		says  string
		kept  int
	}{
		{MailFault{AtSender, 451}, "451", 0},
		{MailFault{AtRecipient, 550}, "550", 0},
		{MailFault{AtRecipient, 0}, "", 0},
		{MailFault{AtEnd, 452}, "452", 0},
		{MailFault{AtEnd, 0}, "", 1},
	} {
		t.Run(fmt.Sprint(test.fault), func(t *testing.T) {
			s, address := office(t)
			s.FailMail(test.fault)
			if err := post(address); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("mail: got error %v, want one with %q", err, test.says)
			}
			if got := len(s.Mails()); got != test.kept {
				t.Errorf("mails kept: got %d, want %d", got, test.kept)
			}
			if err := post(address); err != nil {
				t.Errorf("the next mail: %v, want it to pass", err)
			}
		})
	}
}

// hook posts a body, signed with the secret, and gives the status of the answer.
func hook(t *testing.T, s *Server, id, body, secret string) int {
	t.Helper()
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	signature, err := signer.Sign(id, now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

func TestHooksAreChecked(t *testing.T) {
	s := New(Config{Secret: secret})
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret of thirty-two bytes"))
	for _, test := range []struct {
		id, secret string
		status     int
		verified   bool
	}{
		{"good", secret, 204, true},
		{"forged", other, 401, false},
	} {
		if got := hook(t, s, test.id, `{"type":"x"}`, test.secret); got != test.status {
			t.Errorf("%s: got %d, want %d", test.id, got, test.status)
		}
	}
	s.FailHooks(500)
	if got := hook(t, s, "late", `{"<b>":1}`, secret); got != 500 {
		t.Errorf("told to fail: got %d, want 500", got)
	}
	hooks := s.Hooks()
	if len(hooks) != 3 || !hooks[0].Verified || hooks[1].Verified || !hooks[2].Verified {
		t.Errorf("hooks: got %+v, want all three, the second not verified", hooks)
	}
	page := get(s)
	for _, want := range []string{"good", "signature fits", "signature doesn&#39;t fit", "answered 500"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "&#39;", "'")) {
			t.Errorf("page: %q is not in\n%s", want, page)
		}
	}
	if strings.Contains(page, "<b>") {
		t.Error("what came is part of the page, want it shown as text")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s, address := office(t)
	for range kept + 3 {
		hook(t, s, "id", `{}`, secret)
	}
	if got := len(s.Hooks()); got != kept {
		t.Errorf("hooks: got %d, want %d", got, kept)
	}
	if got := hook(t, s, "large", `"`+strings.Repeat("x", hookLimit)+`"`, secret); got != 413 {
		t.Errorf("a large hook: got %d, want 413", got)
	}
	for i := range kept + 3 {
		s.keep(Mail{Subject: strconv.Itoa(i)})
	}
	if mails := s.Mails(); len(mails) != kept || mails[0].Subject != "3" {
		t.Errorf("mails: got %d from %q, want %d from 3", len(mails), mails[0].Subject, kept)
	}
	large := letter + strings.Repeat(strings.Repeat("x", 70)+"\r\n", mailLimit/70)
	if err := smtp.SendMail(address, nil, "a@example.com", []string{"b@example.com"}, []byte(large)); err == nil {
		t.Error("a large mail: taken, want it refused")
	}
}

func TestEmptyPage(t *testing.T) {
	if page := get(New(Config{})); strings.Count(page, "None came yet.") != 2 {
		t.Errorf("page: got\n%s\nwant it to say that nothing came", page)
	}
}
