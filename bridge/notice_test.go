package bridge_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	mojobox "addtomojo/sandbox/mojo"
	"addtomojo/sandbox/post"
	"addtomojo/store"
	"addtomojo/store/storetest"
	"addtomojo/wiseagent"
)

var noticeSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes or so"))

// quick is how long connections of these tests need a sign-in before people are told; the service looks five times as often.
const quick = 100 * time.Millisecond

// post sets up both channels with a stand-in behind them, and starts the workers again.
func (w *town) post() *post.Server {
	w.t.Helper()
	w.stop()
	p := post.New(post.Config{Secret: noticeSecret, Now: w.Now})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.need(err)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := p.ServeMail(l); err != nil {
			w.t.Error(err)
		}
	})
	hooks := httptest.NewServer(p)
	w.t.Cleanup(func() {
		w.stop()
		hooks.Close()
		p.Close()
		serving.Wait()
	})
	w.NoticeHook, err = bridge.NewNoticeHook(hooks.URL+"/hook", noticeSecret)
	w.need(err)
	w.Mailer, err = bridge.NewMailer("smtp://"+l.Addr().String(), "Add to Mojo <addtomojo@example.com>")
	w.need(err)
	w.NoticeAfter = quick
	w.run()
	return p
}

// lose takes a side's tokens away from the connection.
func (w *town) lose(connID string, side store.Side) {
	w.t.Helper()
	tokens, err := w.Store.Tokens(w.t.Context(), connID, side)
	w.need(err)
	w.need(w.Store.NeedSignIn(w.t.Context(), connID, side, "The password was changed.", tokens.Version, w.Now()))
}

// heal signs in on the side again.
func (w *town) heal(connID string, side store.Side) {
	w.t.Helper()
	tokens, err := w.Store.Tokens(w.t.Context(), connID, side)
	w.need(err)
	w.need(w.Store.RefreshSide(w.t.Context(), connID, side, tokens.Token, "", w.Now()))
}

// notices waits until the connection's notices satisfy enough.
func (w *town) notices(connID string, what string, enough func([]store.Notice) bool) []store.Notice {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		list, err := w.Store.Notices(w.t.Context(), connID)
		w.need(err)
		if enough(list) {
			return list
		}
		if time.Now().After(end) {
			w.t.Fatalf("notices are %+v, want %s", list, what)
		}
	}
}

// passing is notices while time passes, to the next try of the first one and on.
func (w *town) passing(connID string, what string, enough func([]store.Notice) bool) []store.Notice {
	w.t.Helper()
	return w.notices(connID, what, func(list []store.Notice) bool {
		if enough(list) {
			return true
		}
		if len(list) > 0 && list[0].State == store.NoticeWaiting {
			w.later(max(list[0].NextAt.Sub(w.Now()), 0))
		}
		return false
	})
}

// are tells whether there are n notices, all of them in the state.
func are(n int, state store.NoticeState) func([]store.Notice) bool {
	return func(list []store.Notice) bool {
		for _, one := range list {
			if one.State != state {
				return false
			}
		}
		return len(list) == n
	}
}

// later passes time by the service's clock.
func (w *town) later(d time.Duration) { w.skew.Add(int64(d)) }

// looks has the service look whom to tell, and waits until it has: in the same look it tells somebody who was lost long ago.
func (w *town) looks(n int) {
	w.t.Helper()
	w.stop()
	other := w.customer(800+n, 1)
	tokens, err := w.Store.Tokens(w.t.Context(), other.conn.ID, store.Mojo)
	w.need(err)
	w.need(w.Store.NeedSignIn(w.t.Context(), other.conn.ID, store.Mojo, "Long ago.", tokens.Version, w.Now().Add(-3*time.Hour)))
	w.run()
	w.notices(other.conn.ID, "two sent", are(2, store.NoticeSent))
}

// told are the mails to somebody and the webhooks about the connection.
func told(p *post.Server, email, connID string) (mails []post.Mail, hooks int) {
	for _, m := range p.Mails() {
		if slices.Contains(m.To, email) {
			mails = append(mails, m)
		}
	}
	for _, h := range p.Hooks() {
		if strings.Contains(h.Body, connID) {
			hooks++
		}
	}
	return mails, hooks
}

func TestOneNoticeOnEachChannel(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		conn := w.connected()
		w.need(w.Store.SetTimeZone(t.Context(), conn.ID, "America/New_York"))
		w.lose(conn.ID, store.Mojo)
		w.notices(conn.ID, "two sent", are(2, store.NoticeSent))
		lost, err := w.Store.Connection(t.Context(), conn.ID)
		w.need(err)

		link := w.checkMail(p, lost)
		w.checkHook(p, lost)
		token := link[strings.LastIndex(link, "/")+1:]
		launch, err := w.OpenReconnectLink(t.Context(), token)
		w.need(err)
		if launch.ConnectionID != conn.ID || len(launch.Contacts) > 0 {
			t.Errorf("the link's launch is %+v, want one of the connection without contacts", launch)
		}
		if w.said(token) || w.said(kate) {
			t.Error("the log tells the token or the e-mail")
		}

		w.later(24 * time.Hour) // it stays lost: no more of it
		w.looks(1)
		if mails, hooks := told(p, kate, conn.ID); len(mails) != 1 || hooks != 1 {
			t.Errorf("%d mails and %d webhooks, want one of each", len(mails), hooks)
		}
		w.heal(conn.ID, store.Mojo)
		w.later(time.Second)
		w.lose(conn.ID, store.Wise) // another time
		w.notices(conn.ID, "four sent", are(4, store.NoticeSent))
		if mails, _ := told(p, kate, conn.ID); len(mails) != 2 || !strings.Contains(mails[1].Subject, "Wise Agent") {
			t.Errorf("mails are %+v, want a second one about Wise Agent", mails)
		}
	})
}

var linkInMail = regexp.MustCompile(`(?m)^https://add\.example\.com/reconnect/[A-Z2-7]{26,}$`)

// checkMail looks at the only mail and gives its link.
func (w *town) checkMail(p *post.Server, conn store.Connection) (link string) {
	w.t.Helper()
	mails := p.Mails()
	if len(mails) != 1 {
		w.t.Fatalf("%d mails, want 1", len(mails))
	}
	m := mails[0]
	if m.Subject != "Please sign in to Mojo again for Add to Mojo" || fmt.Sprint(m.To) != "["+kate+"]" || m.From != "addtomojo@example.com" {
		w.t.Errorf("mail is %q from %s to %s", m.Subject, m.From, m.To)
	}
	zone, _ := time.LoadLocation("America/New_York")
	for _, want := range []string{
		"Hello Kate Moreno,", "Mojo stopped letting Add to Mojo in on " + conn.Since.In(zone).Format("Monday, January 2, at 3:04 PM MST"),
		"The password was changed.", kate, conn.MojoAccountName, "No calls or contacts are waiting", "kept for 30 days",
		"It works for 7 days", "choose Actions and Add to Mojo",
	} {
		if !strings.Contains(m.Text, want) {
			w.t.Errorf("mail: %q is not in\n%s", want, m.Text)
		}
	}
	if got := m.Header["Auto-Submitted"]; len(got) != 1 || got[0] != "auto-generated" {
		w.t.Errorf("Auto-Submitted: got %q", got)
	}
	if link = linkInMail.FindString(m.Text); link == "" {
		w.t.Fatalf("mail: no link in\n%s", m.Text)
	}
	return link
}

func (w *town) checkHook(p *post.Server, conn store.Connection) {
	w.t.Helper()
	hooks := p.Hooks()
	if len(hooks) != 1 || !hooks[0].Verified || hooks[0].Status != 204 {
		w.t.Fatalf("webhooks are %+v, want one that is verified", hooks)
	}
	var body struct {
		Type      string
		Timestamp time.Time
		Data      map[string]any
	}
	w.need(json.Unmarshal([]byte(hooks[0].Body), &body))
	url, _ := body.Data["reconnect_url"].(string)
	delete(body.Data, "reconnect_url")
	want := map[string]any{
		"connection_id": conn.ID, "email": kate, "mojo_account_id": account, "mojo_account_name": conn.MojoAccountName,
		"side": "mojo", "cause": "The password was changed.", "since": conn.Since.Format(time.RFC3339Nano), "waiting": 0.0,
	}
	if body.Type != "connection.needs_sign_in" || body.Timestamp.IsZero() || fmt.Sprint(body.Data) != fmt.Sprint(want) || !linkInMail.MatchString(url) {
		w.t.Errorf("webhook is %s, want %v with a link", hooks[0].Body, want)
	}
}

func TestNoNoticeOfAPassingFault(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		w.stop()
		w.NoticeAfter = time.Hour // looked at every 5 s: faster by the clock
		w.run()
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		w.later(59 * time.Minute)
		w.looks(1) // and finds it lost for less than an hour
		w.heal(conn.ID, store.Mojo)
		w.later(2 * time.Hour)
		w.looks(2)
		w.notices(conn.ID, "none", are(0, ""))
		if mails, hooks := told(p, kate, conn.ID); len(mails)+hooks != 0 {
			t.Errorf("%d mails and %d webhooks, want none", len(mails), hooks)
		}
	})
}

func TestNoticeWaitsForItsTime(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		w.stop()
		w.NoticeAfter = 0 // five minutes
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		w.later(4*time.Minute + 50*time.Second)
		w.looks(1)
		if mails, hooks := told(p, kate, conn.ID); len(mails)+hooks != 0 {
			t.Errorf("%d mails and %d webhooks before five minutes, want none", len(mails), hooks)
		}
		w.stop()
		w.later(10 * time.Second)
		w.run()
		w.notices(conn.ID, "two sent", are(2, store.NoticeSent))
	})
}

// A notice that could not be sent while the connection was lost is worth nothing afterwards.
func TestNoticeIsDroppedWhenItIsTooLate(t *testing.T) {
	for name, end := range map[string]func(w *town, conn store.Connection){
		"signed in again": func(w *town, conn store.Connection) { w.heal(conn.ID, store.Mojo) },
		"reset":           func(w *town, conn store.Connection) { w.need(w.reset(conn)) },
	} {
		t.Run(name, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				p := w.post()
				p.FailHooks(500)
				p.FailMail(post.MailFault{At: post.AtRecipient, Code: 451})
				conn := w.connected()
				w.lose(conn.ID, store.Mojo)
				w.notices(conn.ID, "two waiting", func(list []store.Notice) bool {
					return are(2, store.NoticeWaiting)(list) && list[0].Attempts+list[1].Attempts == 2
				})
				end(w, conn)
				w.later(time.Hour)
				w.notices(conn.ID, "two dropped", are(2, store.NoticeDropped))
				if len(p.Mails()) != 0 || len(p.Hooks()) != 1 {
					t.Errorf("%d mails and %d webhooks, want the failed webhook alone", len(p.Mails()), len(p.Hooks()))
				}
			})
		})
	}
}

// However many instances look, people are told once.
func TestManyInstancesTellOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, engine)
			w := newTown(t, storetest.At(t, url), mojobox.Config{})
			p := w.post()
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			t.Cleanup(func() { stop(); running.Wait() })
			for range 4 {
				s := w.Store
				if engine == storetest.Postgres {
					s = storetest.At(t, url)
				}
				other := &bridge.Bridge{
					Store: s, BaseURL: w.BaseURL, Now: w.Now, NoticeAfter: quick, NoticeHook: w.NoticeHook, Mailer: w.Mailer,
					Wise: &wiseagent.Client{AuthURL: w.wiseURL, APIURL: w.wiseURL}, Mojo: &mojo.Client{AuthURL: w.mojoURL},
					Log: slog.New(slog.NewTextHandler(w.logged, nil)),
				}
				running.Go(func() {
					if err := other.Run(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			conn := w.connected()
			for i := range 3 {
				w.lose(conn.ID, store.Mojo)
				w.notices(conn.ID, "two more sent", are(2*i+2, store.NoticeSent))
				time.Sleep(3 * quick) // each of them looks some fifteen times more: nothing tells who has looked
				w.heal(conn.ID, store.Mojo)
				w.later(time.Second)
			}
			w.notices(conn.ID, "no more than six", are(6, store.NoticeSent))
			if len(p.Mails()) != 3 || len(p.Hooks()) != 3 {
				t.Errorf("%d mails and %d webhooks for three times, want three of each", len(p.Mails()), len(p.Hooks()))
			}
		})
	}
}

func TestNoticesThatFail(t *testing.T) {
	cases := []struct {
		name     string
		channel  store.Channel
		set      func(p *post.Server)
		first    store.NoticeState // after the first try
		cause    string
		arrivals int // in the end
	}{
		{"webhook answered 500", store.ChannelWebhook, func(p *post.Server) { p.FailHooks(500, 503) }, store.NoticeWaiting, "answered 500", 3},
		{"webhook answered 400", store.ChannelWebhook, func(p *post.Server) { p.FailHooks(400) }, store.NoticeWaiting, "answered 400", 2},
		{"webhook redirected", store.ChannelWebhook, func(p *post.Server) { p.FailHooks(307) }, store.NoticeWaiting, "answered 307", 2},
		{"webhook's connection breaks", store.ChannelWebhook, func(p *post.Server) { p.FailHooks(0) }, store.NoticeWaiting, "did not answer", 2},
		{"mail put off", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtRecipient, Code: 450}) }, store.NoticeWaiting, "come back later (code 450)", 1},
		{"mail put off at its end", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtEnd, Code: 452}) }, store.NoticeWaiting, "come back later (code 452)", 1},
		{"mail refused", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtRecipient, Code: 550}) }, store.NoticeFailed, "for good (code 550)", 0},
		{"mail refused at its end", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtEnd, Code: 554}) }, store.NoticeFailed, "for good (code 554)", 0},
		{"sender refused", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtSender, Code: 553}) }, store.NoticeWaiting, "refused our sender", 1},
		{"mail's connection breaks early", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtRecipient}) }, store.NoticeWaiting, "broke off", 1},
		{"mail's connection breaks after its end", store.ChannelEmail, func(p *post.Server) { p.FailMail(post.MailFault{At: post.AtEnd}) }, store.NoticeSent, "counts as sent", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, w *town) {
				p := w.post()
				w.stop()
				if c.channel == store.ChannelEmail {
					w.NoticeHook = nil
				} else {
					w.Mailer = nil
				}
				w.run()
				c.set(p)
				conn := w.connected()
				w.lose(conn.ID, store.Mojo)
				list := w.notices(conn.ID, "one tried", func(list []store.Notice) bool {
					return len(list) == 1 && list[0].Attempts == 1 && list[0].State != store.NoticeSending
				})
				if got := list[0]; got.State != c.first || !strings.Contains(got.Cause, c.cause) {
					t.Errorf("after the first try it is %s (%q), want %s with %q", got.State, got.Cause, c.first, c.cause)
				}
				want := store.NoticeSent
				if c.first == store.NoticeFailed {
					want = store.NoticeFailed
				}
				w.passing(conn.ID, "it over", are(1, want))
				hooks, mails := p.Hooks(), p.Mails()
				if len(hooks)+len(mails) != c.arrivals {
					t.Errorf("%d webhooks and %d mails arrived, want %d", len(hooks), len(mails), c.arrivals)
				}
				for _, h := range hooks {
					if h.ID != hooks[0].ID || !h.Verified {
						t.Errorf("webhook %+v, want the same id each time", h)
					}
				}
			})
		})
	}
}

func TestNoticeIsGivenUpAfterADay(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		w.stop()
		w.Mailer = nil
		w.run()
		for range 50 {
			p.FailHooks(500)
		}
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		list := w.passing(conn.ID, "one failed", are(1, store.NoticeFailed))
		if n := list[0]; n.Attempts < 4 || n.FinishedAt.Sub(n.MadeAt) > 25*time.Hour || !strings.Contains(n.Cause, "answered 500") {
			t.Errorf("notice is %+v, want several tries within a day and why", n)
		}
	})
}

// What somebody typed as a name can't put a header into the letter, nor fill it.
func TestNamesInALetter(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		grant, err := w.Mojo.SignIn(t.Context(), "482913", "dana", "dana-sandbox")
		w.need(err)
		conn, err := w.Store.Connect(t.Context(), store.Connection{
			Email: kate, Name: "Kate\r\nBcc: eve@example.com\r\n\r\nHello <b>" + strings.Repeat("Ö", 300), Scopes: wiseagent.Scopes,
			MojoAccountID: grant.Account.ID, MojoAccountName: "Ruiz\nX-Evil: 1 " + strings.Repeat("x", 5000), MojoAccountURL: grant.AccountURL,
			CreatedAt: w.Now(),
		}, grant.Token, w.wiseToken(kate), "")
		w.need(err)
		w.lose(conn.ID, store.Wise)
		w.notices(conn.ID, "two sent", are(2, store.NoticeSent))
		m := p.Mails()[0]
		if fmt.Sprint(m.To) != "["+kate+"]" || m.Header["Bcc"] != nil || m.Header["X-Evil"] != nil || len(m.Header["To"]) != 1 {
			t.Errorf("mail goes to %s with the headers %v", m.To, m.Header)
		}
		for _, line := range strings.Split(m.Raw, "\r\n") {
			if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
				t.Errorf("a line of %d bytes is in the mail", len(line))
			}
		}
		if len(m.Text) > 3000 || !strings.Contains(m.Text, "…") {
			t.Errorf("the letter has %d bytes, want long names cut", len(m.Text))
		}
		if !p.Hooks()[0].Verified {
			t.Error("the webhook's signature doesn't fit")
		}
	})
}

// The number is that of the reconnect page.
func TestNoticeSaysHowMuchWaits(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		c := w.customer(1, 3)
		w.stop()
		w.lose(c.conn.ID, store.Wise)
		w.calls(c, 1, 3)
		w.run()
		w.notices(c.conn.ID, "two sent", are(2, store.NoticeSent))
		if m := p.Mails()[0]; !strings.Contains(m.Text, "3 calls or contacts are waiting.") {
			t.Errorf("mail says\n%s\nwant that 3 wait", m.Text)
		}
		if h := p.Hooks()[0]; !strings.Contains(h.Body, `"waiting":3`) {
			t.Errorf("webhook says %s, want that 3 wait", h.Body)
		}
	})
}

// A process that dies while it sends leaves its claim. Nobody can know how far it came: the webhook goes out again, with the same
// id, and the e-mail doesn't.
func TestNoticesOfAKilledProcess(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		w.stop()
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		w.later(time.Minute)
		for _, ch := range []store.Channel{store.ChannelWebhook, store.ChannelEmail} {
			_, err := w.Store.AddNotices(t.Context(), ch, w.Now(), w.Now(), 10)
			w.need(err)
		}
		claimed, err := w.Store.ClaimNotices(t.Context(), w.Now(), w.Now().Add(2*time.Minute), 10)
		w.need(err)
		w.looks(1)
		if mails, hooks := told(p, kate, conn.ID); len(claimed) != 2 || len(mails)+hooks != 0 {
			t.Errorf("%d claimed, and %d mails and %d webhooks sent by somebody else, want 2 and none", len(claimed), len(mails), hooks)
		}
		w.later(3 * time.Minute)
		w.notices(conn.ID, "two sent", are(2, store.NoticeSent))
		if mails, hooks := told(p, kate, conn.ID); len(mails) != 0 || hooks != 1 {
			t.Errorf("%d mails and %d webhooks, want the webhook alone", len(mails), hooks)
		}
	})
}

// Stopping in the middle waits for the letter under way; starting again sends no other.
func TestRestartsTellOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		for range 10 {
			time.Sleep(quick / 4)
			w.stop()
			w.run()
		}
		w.notices(conn.ID, "two sent", are(2, store.NoticeSent))
		if len(p.Mails()) != 1 || len(p.Hooks()) != 1 {
			t.Errorf("%d mails and %d webhooks, want one of each", len(p.Mails()), len(p.Hooks()))
		}
	})
}

// Off loopback no letter and no password goes out in clear; and a certificate has to be right.
func TestMailServersMustBeSafe(t *testing.T) {
	t.Parallel()
	w := newTown(t, storetest.Open(t, storetest.SQLite), mojobox.Config{})
	p := w.post()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.need(err)
	go p.ServeMail(l)
	_, port, err := net.SplitHostPort(l.Addr().String())
	w.need(err)
	tls := httptest.NewTLSServer(nil) // its certificate is nobody's
	defer tls.Close()
	customers := 0
	for name, server := range map[string]string{
		"without STARTTLS":         "smtp://user:marked@localhost.:" + port, // as a host it isn't known to be on loopback
		"with a wrong certificate": "smtps://user:marked@" + tls.Listener.Addr().String(),
		"that isn't there":         "smtp://127.0.0.1:1",
	} {
		t.Run(name, func(t *testing.T) {
			w.stop()
			w.NoticeHook = nil
			w.Mailer, err = bridge.NewMailer(server, "addtomojo@example.com")
			w.need(err)
			w.run()
			customers++
			conn := w.customer(customers, 1).conn
			w.lose(conn.ID, store.Wise)
			list := w.notices(conn.ID, "one tried", func(list []store.Notice) bool {
				return len(list) == 1 && list[0].Attempts == 1 && list[0].State == store.NoticeWaiting
			})
			if !strings.Contains(list[0].Cause, "did not let us in") {
				t.Errorf("cause is %q", list[0].Cause)
			}
			if len(p.Mails()) != 0 || w.said("marked") {
				t.Error("a mail went out, or the log tells the password")
			}
		})
	}
}

// A receiver that hangs is given up after ten seconds.
func TestAHangingReceiverIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newTown(t, storetest.Open(t, storetest.SQLite), mojobox.Config{})
	w.post()
	w.stop()
	leave := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-leave:
		case <-r.Context().Done():
		}
	}))
	defer hangs.Close()
	defer close(leave)
	var err error
	w.NoticeHook, err = bridge.NewNoticeHook(hangs.URL+"/marked-path", noticeSecret)
	w.need(err)
	w.run()
	conn := w.connected()
	w.lose(conn.ID, store.Mojo)
	begun := time.Now()
	w.notices(conn.ID, "the webhook waiting and the e-mail sent", func(list []store.Notice) bool {
		return len(list) == 2 && list[0].State == store.NoticeSent && list[1].State == store.NoticeWaiting && list[1].Attempts == 1
	})
	if took := time.Since(begun); took < 9*time.Second || took > 29*time.Second {
		t.Errorf("it was given up after %s, want ten seconds", took)
	}
	if w.said("marked") {
		t.Error("the log tells the receiver's address")
	}
}

// Wise Agent ends our access, a hundred calls are made on each of three days, and the customer signs in again through the e-mail's
// link: each call is one note, in order.
func TestThreeDaysOfCallsComeBackThroughTheLink(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		p := w.post()
		c := w.customer(1, 10)
		w.wise.RevokeTokens(c.email)
		for day := range 3 {
			w.calls(c, 1+100*day, 100)
			w.notices(c.conn.ID, "two sent", are(2, store.NoticeSent))
			w.pass(c, 24*time.Hour)
		}
		conn, err := w.Store.Connection(t.Context(), c.conn.ID)
		w.need(err)
		if n, err := w.Waiting(t.Context(), c.conn.ID); err != nil || n.Events != 300 || conn.State != store.StateNeedsSignIn {
			t.Errorf("%d wait (%v) and it is %s, want 300 and needs_sign_in", n, err, conn.State)
		}
		link := linkInMail.FindString(p.Mails()[0].Text)
		launch, err := w.OpenReconnectLink(t.Context(), link[strings.LastIndex(link, "/")+1:])
		w.need(err)
		joined, err := w.allow(launch, c.email, allScopes...)
		w.need(err)
		if joined.Connection == nil || joined.Connection.ID != c.conn.ID {
			t.Fatalf("signed in to %+v, want the same connection", joined)
		}
		if l := w.ended(c, 0); l.Written != 300 {
			t.Errorf("ledger %+v, want 300 written", l)
		}
		w.wantCalls(c, 1, 300)
		if len(p.Mails()) != 1 || len(p.Hooks()) != 1 {
			t.Errorf("%d mails and %d webhooks, want one of each", len(p.Mails()), len(p.Hooks()))
		}
		if _, err := w.OpenReconnectLink(t.Context(), link[strings.LastIndex(link, "/")+1:]); !errors.Is(err, bridge.ErrLinkEnded) {
			t.Errorf("the link once more: %v, want it ended", err)
		}
	})
}

// While a reset has its grace, its reconnect links are over: who signed in would sign in for nothing.
func TestALinkEndsWhenAResetBegins(t *testing.T) {
	everyEngine(t, func(t *testing.T, w *town) {
		conn := w.connected()
		w.lose(conn.ID, store.Mojo)
		link, err := w.ReconnectLink(t.Context(), conn)
		w.need(err)
		launch, err := w.OpenReconnectLink(t.Context(), link[strings.LastIndex(link, "/")+1:])
		w.need(err)
		_, err = w.Store.AskReset(t.Context(), conn.ID, w.Now(), w.Now().Add(time.Hour))
		w.need(err)
		if _, err := w.Reconnecting(t.Context(), launch); !errors.Is(err, bridge.ErrLinkEnded) {
			t.Errorf("the page of an opened link: %v, want it ended", err)
		}
		if _, err := w.OpenReconnectLink(t.Context(), link[strings.LastIndex(link, "/")+1:]); !errors.Is(err, bridge.ErrLinkEnded) {
			t.Errorf("the link: %v, want it ended", err)
		}
		if _, err := w.ReconnectLink(t.Context(), conn); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another link: %v, want none", err)
		}
	})
}
