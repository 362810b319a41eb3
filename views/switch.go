package views

// SwitchMojo asks before a Wise Agent account is connected with another Mojo account than before.
type SwitchMojo struct {
	Page
	Account   Account // who is connected; MojoName is the old account
	Other     string  // the Mojo account that was signed in to just now
	Login     string  // the login there
	Waiting   int     // calls that wait to be written into Wise Agent
	Pushing   int     // contacts of pushes that are still on their way
	SwitchURL string  // POST
	KeepURL   string  // POST
}

// Switched says what changing the Mojo account did.
type Switched struct {
	Page
	Account   Account // who is connected now; the zero value when Wise Agent is to be asked first
	Old       string  // the Mojo account that is free now
	New       string  // the other one
	Delivered int     // calls that waited and were written in time
	Excluded  int     // calls that could not be
	Next      Action  // go on
}

// OtherPerson asks who is meant when somebody else signed in at Wise Agent than in this window.
type OtherPerson struct {
	Page
	Account  Account // of who is signed in, when connected
	SignedIn string  // the Wise Agent account that this window is of
	Other    string  // the one that signed in at Wise Agent, masked
	GoOnURL  string  // POST: be the other one
	WiseURL  string  // POST: sign in at Wise Agent once more; field tz
}

// switchedTo is what the account is called that was signed in to: "Desert Sun Homes (fran)".
func (s SwitchMojo) switchedTo() string {
	return accountText(Account{MojoName: s.Other, MojoLogin: s.Login})
}
