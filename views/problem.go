package views

// Problem is the page for everything that went another way than wanted: it says
// what happened to the customer and what to do next, and blames nobody.
type Problem struct {
	Page             // Title is the heading: "Nothing is selected"
	Account Account  // when known
	What    string   // what happened to you
	Details []string // short facts, listed: the ids that could not be read, the scopes that are missing
	Next    string   // what to do next
	Actions []Action // ways on, the main one first
	Calm    bool     // a wait, not a failure: a partner that isn't answering
}
