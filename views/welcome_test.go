package views

import (
	"slices"
	"testing"
	"time"
)

func TestWelcomeAsksForWhatIsMissing(t *testing.T) {
	for _, test := range []struct {
		state   string
		heading string
		buttons []string
		sides   []string // the lines of the two accounts
	}{
		{"welcome-unsigned", "Add 47 contacts to Mojo", []string{"Continue with Wise Agent", "Connect"}, []string{"not connected", "not connected"}},
		{"welcome-signed", "Add 47 contacts to Mojo", []string{"Connect"}, []string{"jane@example.com", "comes next", "not connected"}},
		{"welcome-wise-given", "Add 47 contacts to Mojo", []string{"Connect"}, []string{"jane@example.com", "connected", "not connected"}},
		{"welcome-mojo-given", "Waiting for Wise Agent", []string{"Continue with Wise Agent"}, []string{"not connected", "Harbor Realty (jane.ortiz)", "connected"}},
		{"welcome-lost-wise", "Sign in to Wise Agent again", []string{"Continue with Wise Agent"}, []string{"jane@example.com", "needs sign-in", "connected"}},
		{"welcome-lost-both", "Sign in to Wise Agent again", []string{"Continue with Wise Agent"}, []string{"jane@example.com", "needs sign-in", "comes next"}},
		{"welcome-lost-mojo", "Sign in to Mojo again", []string{"Connect"}, []string{"jane@example.com", "connected", "needs sign-in"}},
	} {
		t.Run(test.state, func(t *testing.T) {
			n := render(t, stateNamed(t, test.state))
			if got := n.one(t, "h1").text(); got != test.heading {
				t.Errorf("heading: got %q, want %q", got, test.heading)
			}
			if got := n.texts("main button"); !slices.Equal(got, test.buttons) {
				t.Errorf("buttons: got %q, want %q", got, test.buttons)
			}
			if got := n.texts(".side span"); !slices.Equal(got, test.sides) {
				t.Errorf("sides: got %q, want %q", got, test.sides)
			}
			if got := len(n.all("main .button")) - len(n.all("main .quiet")); got != 1 {
				t.Errorf("main buttons: got %d, want 1", got)
			}
		})
	}
}

func TestMojoFormHasItsExactWords(t *testing.T) {
	n := render(t, stateNamed(t, "welcome-signed"))
	if got, want := n.texts("#mojo label"), []string{"Mojo PIN", "Login", "Password"}; !slices.Equal(got, want) {
		t.Errorf("fields: got %q, want %q", got, want)
	}
	form := n.one(t, "#mojo")
	if got := form.attr("action"); got != "/mojo" {
		t.Errorf("the form goes to %q, want /mojo", got)
	}
	for name, kind := range map[string]string{"pin": "text", "login": "text", "password": "password", "tz": "hidden"} {
		if got := form.one(t, "[name="+name+"]").attr("type"); got != kind {
			t.Errorf("field %s: got type %q, want %s", name, got, kind)
		}
	}
	if got := n.one(t, "#password").attr("autocomplete"); got != "current-password" {
		t.Errorf("password: got autocomplete %q, want one for password managers", got)
	}
}

func TestRefusedSignInKeepsTheLoginOnly(t *testing.T) {
	n := render(t, stateNamed(t, "welcome-refused"))
	if got, want := n.one(t, "[role=alert]").text(), "Mojo didn't accept that PIN, login or password. Check all three and try again."; got != want {
		t.Errorf("alert: got %q, want %q", got, want)
	}
	for name, want := range map[string]string{"pin": "", "login": "jane.ortiz", "password": ""} {
		if got := n.one(t, "#"+name).attr("value"); got != want {
			t.Errorf("%s: got %q in the field, want %q", name, got, want)
		}
	}
	if got := n.one(t, "[autofocus]").attr("id"); got != "pin" {
		t.Errorf("focus: got %q, want the first field", got)
	}
}

func TestFieldErrorsStandBesideTheFieldsAndInTheSummary(t *testing.T) {
	n := render(t, stateNamed(t, "welcome-empty-fields"))
	if got, want := n.texts("[role=alert] a"), []string{"Enter your Mojo PIN.", "Enter your password."}; !slices.Equal(got, want) {
		t.Errorf("summary: got %q, want %q", got, want)
	}
	if got := n.one(t, "#password-error").text(); got != "Enter your password." {
		t.Errorf("beside the field: got %q", got)
	}
	if n.one(t, "#login").has("aria-invalid") || !n.one(t, "#pin").has("aria-invalid") {
		t.Error("aria-invalid: want it on the PIN and not on the login")
	}
}

func TestWaitIsPlainText(t *testing.T) {
	n := render(t, stateNamed(t, "welcome-wait"))
	if got, want := n.one(t, "[role=alert]").text(), "Too many tries. You can try again in 4 minutes, or reset your password in Mojo."; got != want {
		t.Errorf("alert: got %q, want %q", got, want)
	}
	if got := n.one(t, "[role=timer]").attr("data-wait"); got != "240" {
		t.Errorf("countdown: got %q seconds, want 240", got)
	}
}

func TestWaitText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		500 * time.Millisecond: "1 second",
		59 * time.Second:       "59 seconds",
		time.Minute:            "1 minute",
		61 * time.Second:       "2 minutes",
		15 * time.Minute:       "15 minutes",
	} {
		if got := waitText(d); got != want {
			t.Errorf("waitText(%v): got %q, want %q", d, got, want)
		}
	}
}
