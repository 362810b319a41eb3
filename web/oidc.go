package web

// oidcURL is where the sign-in with OpenID Connect begins, "" where it isn't set up.
func (a *app) oidcURL() string { return "" }
