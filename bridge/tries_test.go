package bridge_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"addtomojo/bridge"
	"addtomojo/mojo"
	"addtomojo/sandbox/fault"
	mojobox "addtomojo/sandbox/mojo"
)

// patientMojo lets us count our own waits, not Mojo's.
var patientMojo = mojobox.Config{WrongTries: 10_000}

// guess makes wrong sign-ins, all at once, and tells how many reached Mojo.
func (w *town) guess(n int, vary func(i int, in *bridge.MojoSignIn)) int {
	w.t.Helper()
	w.frozen.Store(true) // no wait ends while a slow machine guesses
	launch, before := w.launch("1"), w.mojo.Requests()[mojobox.EndpointToken]
	var side sync.WaitGroup
	for i := range n {
		in := dana(launch)
		in.Password = fmt.Sprint("guess ", i)
		vary(i, &in)
		side.Go(func() {
			_, err := w.SignInMojo(w.t.Context(), in)
			var wait *bridge.WaitError
			if !errors.Is(err, mojo.ErrCredentials) && !errors.As(err, &wait) {
				w.t.Errorf("a guess: %v, want ErrCredentials or a WaitError", err)
			}
		})
	}
	side.Wait()
	return w.mojo.Requests()[mojobox.EndpointToken] - before
}

func TestGuessesSideBySideAreOneAfterTheOther(t *testing.T) {
	for _, test := range []struct {
		name string
		vary func(i int, in *bridge.MojoSignIn)
		most int
	}{
		{"one account", func(i int, in *bridge.MojoSignIn) { in.Address = fmt.Sprintf("192.0.2.%d", i) }, 6},
		{"one account, written in many ways", func(i int, in *bridge.MojoSignIn) {
			in.Address = fmt.Sprintf("192.0.2.%d", i)
			in.PIN = []string{"482913", " 482913 ", "482 913", "482-913", "482.913\t"}[i%5]
			in.Login = []string{"dana", "DANA", " Dana ", "dAna"}[i%4]
		}, 6},
		{"one PIN, many logins", func(i int, in *bridge.MojoSignIn) {
			in.Address, in.Login = fmt.Sprintf("192.0.2.%d", i), fmt.Sprint("agent", i)
		}, 11},
		{"one address, many PINs", func(i int, in *bridge.MojoSignIn) { in.PIN = fmt.Sprint(100000 + i) }, 31},
		{"one network of IPv6, many PINs", func(i int, in *bridge.MojoSignIn) {
			in.PIN, in.Address = fmt.Sprint(100000+i), fmt.Sprintf("2001:db8:1:2:%x::%x", i, i)
		}, 31},
	} {
		t.Run(test.name, func(t *testing.T) {
			everyEngineWith(t, patientMojo, func(t *testing.T, w *town) {
				if reached := w.guess(60, test.vary); reached > test.most {
					t.Errorf("%d of 60 guesses at once reached Mojo, want at most %d", reached, test.most)
				}
			})
		})
	}
}

func TestAddressesAreToldApart(t *testing.T) {
	everyEngineWith(t, patientMojo, func(t *testing.T, w *town) {
		w.guess(40, func(i int, in *bridge.MojoSignIn) { in.PIN, in.Address = fmt.Sprint(100000+i), "2001:db8:1:2::7" })
		for address, held := range map[string]bool{"2001:db8:1:2::8": true, "2001:db8:1:3::7": false, "192.0.2.7": false} {
			in := dana(w.launch("1"))
			in.Address = address
			var wait *bridge.WaitError
			if _, err := w.SignInMojo(t.Context(), in); errors.As(err, &wait) != held {
				t.Errorf("from %s: %v, want a wait: %v", address, err, held)
			}
		}
	})
}

func TestOneSignInOfOnesOwnForgivesNoGuesses(t *testing.T) {
	everyEngineWith(t, patientMojo, func(t *testing.T, w *town) {
		reached := 0
		for i := range 30 { // somebody with a login of the account guesses at another one's
			reached += w.guess(1, func(_ int, in *bridge.MojoSignIn) {
				in.Login, in.Address = fmt.Sprint("agent", i), fmt.Sprintf("192.0.2.%d", i)
			})
			in := dana(w.launch("1"))
			in.Address = fmt.Sprintf("192.0.2.%d", i)
			w.SignInMojo(t.Context(), in) // let in or not
		}
		if reached > 11 {
			t.Errorf("%d of 30 guesses reached Mojo between sign-ins, want at most 11", reached)
		}
	})
}

func TestTriesThatMojoDidNotJudgeDontCount(t *testing.T) {
	everyEngineWith(t, patientMojo, func(t *testing.T, w *town) {
		launch := w.launch("1")
		rule := w.mojoFaults.Add(fault.Rule{Endpoint: mojobox.EndpointToken, Kind: fault.ServerError})
		for range 12 {
			var down *bridge.DownError
			if _, err := w.SignInMojo(t.Context(), dana(launch)); !errors.As(err, &down) {
				t.Fatalf("while Mojo is down: %v, want a DownError", err)
			}
		}
		w.mojoFaults.Remove(rule)
		if _, err := w.SignInMojo(t.Context(), dana(launch)); err != nil {
			t.Errorf("once Mojo is back: %v, want to be let in at once", err)
		}
	})
}

func TestTheLongestWaitIsAQuarterOfAnHour(t *testing.T) {
	everyEngineWith(t, patientMojo, func(t *testing.T, w *town) {
		launch, wrong := w.launch("1"), bridge.MojoSignIn{}
		for range 40 {
			wrong = dana(launch)
			wrong.Password = "guess"
			_, err := w.SignInMojo(t.Context(), wrong)
			var wait *bridge.WaitError
			if errors.As(err, &wait) {
				if d := wait.Until.Sub(w.Now()); d > 15*time.Minute {
					t.Fatalf("a wait of %s, want 15 minutes at most", d)
				}
				w.skew.Add(int64(wait.Until.Sub(w.Now()) + time.Millisecond))
			}
		}
		w.skew.Add(int64(15 * time.Minute))
		if _, err := w.SignInMojo(t.Context(), dana(launch)); err != nil {
			t.Errorf("the owner a quarter of an hour later: %v, want to be let in", err)
		}
	})
}
