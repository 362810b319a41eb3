package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrUnreachable says that there is no connection to PostgreSQL; the text says in a line what to look at.
var ErrUnreachable = errors.New("no connection to PostgreSQL")

// unreachableError is the driver's error with a text of ours: it may be that the caller's time was over.
type unreachableError struct {
	why string
	err error
}

func (e *unreachableError) Error() string { return e.why }
func (e *unreachableError) Unwrap() error { return e.err }

// unreachable says in one line, and without a password, why there is no connection to PostgreSQL. The driver's own words take several
// lines, one for each address it tried. It returns "" for any other error.
func unreachable(err error) string {
	if unread, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return unreadable(unread)
	}
	failed, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok || errors.Is(err, context.Canceled) { // who was called off wants to know that
		return ""
	}
	c := failed.Config
	where := net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
	if strings.HasPrefix(c.Host, "/") {
		where = c.Host
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refusal(refused, where, c)
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok && unknown.IsNotFound {
		return fmt.Sprintf("there is no host %q: check its name", unknown.Name)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Sprintf("%s doesn't answer in time: check the host, the port, the network between and whether the server hangs", where)
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return fmt.Sprintf("nothing is reached at %s (%v): check the host, the port and whether the server runs", where, dial.Err)
	}
	if c.Password == "" && strings.Contains(err.Error(), "password") {
		return fmt.Sprintf("%s asks for a password, and there is none", where)
	}
	first, _, _ := strings.Cut(failed.Unwrap().Error(), "\n") // the same for each address
	return fmt.Sprintf("%s answers, but not as wanted (%s): check that it is PostgreSQL, and sslmode", where, first)
}

// refusal is why the server takes us not in.
func refusal(e *pgconn.PgError, where string, c *pgconn.Config) string {
	check := "see the server's log"
	switch e.Code {
	case "28P01": // invalid_password
		check = "check the password"
	case "28000": // invalid_authorization_specification
		check = "check the user, sslmode, and what the server lets in"
	case "3D000": // invalid_catalog_name
		check = "create it, or check its name"
	case "42501": // insufficient_privilege
		check = fmt.Sprintf("let the user %q connect to the database %q", c.User, c.Database)
	case "53300": // too_many_connections
		check = "an instance takes up to 14 connections: raise the server's or the user's limit, or end what else holds them"
	case "57P03": // cannot_connect_now
		check = "wait for it"
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	return fmt.Sprintf("%s refuses (%s): %s", where, message, check)
}

// unreadable is what is wrong with the address. The driver quotes it, with what it takes for the password hidden; in one that can't be
// read that may be less than the whole password.
func unreadable(e *pgconn.ParseConfigError) string {
	const want = "want postgres://user:password@host:5432/database"
	u, err := url.Parse(e.ConnString)
	if err != nil || u.Port() == "" && strings.Contains(u.Host, ":") && !strings.HasSuffix(u.Host, "]") {
		return "the address can't be read: " + want + ", with %25 for a % in the password, %2F for /, %40 for @, %3A for :, %23 for # and %3F for ?"
	}
	text := e.Error()
	why := cmp.Or(text[strings.LastIndex(text, "`: ")+len("`: "):], "it can't be read")
	return why + ": " + want
}
