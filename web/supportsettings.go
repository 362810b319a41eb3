package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// CheckSupport says everything that is wrong with the settings, by name of the setting.
func CheckSupport(s Support) error { return s.check() }

func (s Support) check() error {
	var problems []error
	for _, list := range []struct {
		name   string
		emails []string
	}{{"SUPPORT_ALLOWED_EMAILS", s.Viewers}, {"SUPPORT_OPERATOR_EMAILS", s.Operators}} {
		for _, email := range list.emails {
			if err := checkEmail(email); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", list.name, err))
			}
		}
	}
	return errors.Join(append(problems, s.checkOIDC()...)...)
}

func (s Support) checkOIDC() (problems []error) {
	if s.Issuer+s.ClientID+s.ClientSecret == "" {
		return nil
	}
	for _, part := range []struct{ name, value string }{
		{"SUPPORT_OIDC_ISSUER", s.Issuer}, {"SUPPORT_OIDC_CLIENT_ID", s.ClientID}, {"SUPPORT_OIDC_CLIENT_SECRET", s.ClientSecret},
	} {
		if part.value == "" {
			problems = append(problems, fmt.Errorf("%s is missing: OpenID Connect needs issuer, client id and client secret", part.name))
		}
	}
	if s.Issuer != "" {
		if err := checkIssuer(s.Issuer); err != nil {
			problems = append(problems, fmt.Errorf("SUPPORT_OIDC_ISSUER: %w", err))
		}
	}
	if len(s.Viewers)+len(s.Operators) == 0 {
		problems = append(problems, errors.New("SUPPORT_ALLOWED_EMAILS and SUPPORT_OPERATOR_EMAILS are both empty: nobody could sign in with OpenID Connect"))
	}
	return problems
}

// checkIssuer accepts https with a path, and http on loopback.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be the issuer's address, such as https://accounts.example.com")
	}
	if _, err := origin(issuer); err != nil {
		return errors.New("must be https (http is for this machine alone)")
	}
	return nil
}

func checkEmail(email string) error {
	name, domain, _ := strings.Cut(strings.TrimSpace(email), "@")
	if name == "" || domain == "" || strings.ContainsAny(name+domain, " @<>,;") {
		return fmt.Errorf("%q is not an e-mail address", email)
	}
	return nil
}
