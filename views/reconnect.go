package views

// Reconnected is the page behind a reconnect link when its connection needs no sign-in.
type Reconnected struct {
	Page
	Account Account // footer only, where the customer is signed in
	Email   string  // the Wise Agent account; masked unless it is the one signed in
	Again   bool    // it has just been signed in to, else nothing was needed
	Waiting int     // contacts or calls that are on their way now
	Actions []Action
}

// Heading says how things stand.
func (r Reconnected) Heading() string {
	if r.Again {
		return "Connected again"
	}
	return "No sign-in is needed"
}

// waitingText says what becomes of the work that waited.
func (r Reconnected) waitingText() string {
	if r.Waiting == 0 {
		return "Nothing is waiting, and nothing was lost."
	}
	return number(r.Waiting) + " waiting " + isAre(r.Waiting) + " being delivered now. Nothing was lost."
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
