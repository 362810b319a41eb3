package views

import "time"

// Welcome is the page of a customer who is not signed in or not connected. Which
// of the two sides it asks for is up to the caller:
//
//   - unsigned launch, nobody known: AskWise and AskMojo
//   - signed launch of somebody not connected: Email and AskMojo
//   - Wise Agent has given access, Mojo's side missing: Email, WiseGiven, AskMojo
//   - signed in to Mojo, waiting for Wise Agent: MojoGiven and AskWise
//   - connected, but a side must be signed in to again: Lost, and AskWise or AskMojo
type Welcome struct {
	Page
	Account  Account // footer only, of a connection that needs sign-in
	Selected int     // contacts of the launch

	Email     string // Wise Agent account, when known
	WiseGiven bool   // Wise Agent has given access in this launch
	MojoGiven string // the Mojo account that was signed in to in this launch, "" when none
	Lost      *Lost

	AskWise bool   // offer "Continue with Wise Agent"
	WiseURL string // POST; field tz: the browser's time zone name, "" without JavaScript
	AskMojo bool   // show the Mojo authentication form
	Mojo    MojoForm
}

// Lost is a side of a connection that no longer lets us in.
type Lost struct {
	Side    string    // "Wise Agent" or "Mojo"
	Since   time.Time // in the customer's zone
	Cause   string    // a sentence in plain words, "" when unknown
	Waiting int       // contacts or calls that wait for it
	Both    bool      // the other side doesn't either; it is asked for next
}

// MojoForm is the Mojo authentication form. It posts pin, login, password and tz
// (the browser's time zone name, "" without JavaScript). The password is never
// shown again.
type MojoForm struct {
	Action string // POST
	Login  string // kept after a refusal

	// What is wrong, beside the field and in the summary; "" when nothing is.
	PINError, LoginError, PasswordError string
	// Error concerns the form as a whole: "Mojo didn't accept that PIN, login or password. ..."
	Error string
	// Wait is how long the next try has to wait. The page counts it down and
	// the button opens at its end.
	Wait time.Duration
}

// failed reports whether the form came back with something to say.
func (f MojoForm) failed() bool {
	return f.Error != "" || f.PINError != "" || f.LoginError != "" || f.PasswordError != "" || f.Wait > 0
}

// fieldErrors lists the errors with the fields they belong to, in the order of
// the form.
func (f MojoForm) fieldErrors() []fieldError {
	var list []fieldError
	for _, e := range []fieldError{{"pin", f.PINError}, {"login", f.LoginError}, {"password", f.PasswordError}} {
		if e.text != "" {
			list = append(list, e)
		}
	}
	return list
}

type fieldError struct{ id, text string }

// heading says what the page is about.
func (w Welcome) heading() string {
	switch {
	case w.Lost != nil:
		return "Sign in to " + w.Lost.Side + " again"
	case w.MojoGiven != "":
		return "Waiting for Wise Agent"
	case w.Selected > 0:
		return "Add " + contacts(w.Selected) + " to Mojo"
	default:
		return "Connect Wise Agent and Mojo"
	}
}

// focus is the id of the field that the customer should type into next.
func (f MojoForm) focus() string {
	if list := f.fieldErrors(); len(list) > 0 {
		return list[0].id
	}
	if f.Error != "" {
		return "pin"
	}
	return ""
}

func (w Welcome) wiseInHand() bool {
	return w.WiseGiven || (w.Lost != nil && w.Lost.Side == "Mojo" && !w.Lost.Both)
}

func (w Welcome) mojoInHand() bool {
	return w.MojoGiven != "" || (w.Lost != nil && w.Lost.Side == "Wise Agent" && !w.Lost.Both)
}

// mojoFirst reports whether the Mojo form holds the page's main button.
func (w Welcome) mojoFirst() bool { return w.AskMojo && (!w.AskWise || w.Mojo.failed()) }

func (w Welcome) wiseText() string {
	switch {
	case w.Lost != nil && w.Lost.Side == "Wise Agent":
		return "needs sign-in"
	case w.wiseInHand():
		return "connected"
	case w.Email != "":
		return "comes next"
	default:
		return "not connected"
	}
}

func (w Welcome) mojoText() string {
	switch {
	case w.Lost != nil && w.Lost.Side == "Mojo":
		return "needs sign-in"
	case w.mojoInHand():
		return "connected"
	case w.Lost != nil:
		return "comes next"
	default:
		return "not connected"
	}
}

// waitingText says what becomes of the work that waits for the side.
func (l Lost) waitingText() string {
	if l.Waiting == 0 {
		return "Nothing is lost."
	}
	return "Nothing is lost: " + number(l.Waiting) + " waiting will be sent when you have signed in."
}
