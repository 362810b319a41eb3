package views

// Reset is the confirmation of Reset Credentials.
type Reset struct {
	Page
	Account Account
	Action  string // POST
	BackURL string // GET: keep the connection
	Waiting int    // calls that wait to be written into Wise Agent
	Pushing int    // contacts of pushes that are still on their way
}

// ResetDone says what Reset Credentials did.
type ResetDone struct {
	Page
	Email     string // the Wise Agent account that was disconnected
	MojoName  string // the Mojo account that is free now
	Delivered int    // calls that waited and were written in time
	Excluded  int    // calls that could not be
	Next      Action // connect again; no Label: none
}

// SignedOut is the page after Sign out, and after a session has ended.
type SignedOut struct {
	Page
	Next Action // sign in again; no Label: none
}
