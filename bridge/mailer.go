package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// mailTime is how long the mail server may take to let us in, and then to take a letter.
const mailTime = 15 * time.Second

// Mailer hands letters to a mail server. Make one with [NewMailer].
type Mailer struct {
	host    string
	options []gomail.Option
	from    *mail.Address
}

// NewMailer takes the mail server's address, smtp://user:password@host:587 or smtps://user:password@host:465, and the sender as
// "Name <address>". With smtp the server must offer STARTTLS, unless it is on loopback. The error does not quote the address.
func NewMailer(server, from string) (*Mailer, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return nil, errors.New("the mail server must be given as smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("the sender must be given as an address, or as Name <address>")
	}
	m := &Mailer{host: u.Hostname(), from: sender, options: []gomail.Option{gomail.WithTimeout(mailTime)}}
	port := 587
	switch {
	case u.Scheme == "smtps":
		port = 465
		m.options = append(m.options, gomail.WithSSL())
	case onLoopback(m.host):
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		m.options = append(m.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("the mail server's port is not a number from 1 to 65535")
		}
	}
	m.options = append(m.options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		method := gomail.SMTPAuthAutoDiscover
		if u.Scheme == "smtp" && onLoopback(m.host) {
			method = gomail.SMTPAuthPlain // without TLS it finds none, on loopback neither
		}
		m.options = append(m.options, gomail.WithSMTPAuth(method),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(m.host, m.options...); err != nil {
		return nil, errors.New("the mail server's address can't be used")
	}
	return m, nil
}

// send hands a letter over, once. The error is a *refusal when it surely did not arrive, errUnanswered when it was handed over
// whole and the answer got lost.
func (m *Mailer) send(ctx context.Context, l letter) error {
	message, err := m.message(l)
	if err != nil {
		return &refusal{Cause: "The customer's e-mail address can't be written to.", Final: true, Err: err}
	}
	client, err := gomail.NewClient(m.host, m.options...) // one for each letter: a client is bound to its connection
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return &refusal{Cause: "The mail server did not let us in.", Err: err}
	}
	defer client.Close() // whether it says goodbye changes nothing
	err = client.Send(message)
	if err == nil || message.IsDelivered() {
		return nil
	}
	return mailRefusal(err)
}

// mailRefusal tells a server's no from a lost connection. A code of 4xx is worth another try, one of 5xx is not.
func mailRefusal(err error) error {
	sent, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return &refusal{Cause: "The mail server broke off.", Err: err}
	}
	code := sent.ErrorCode()
	switch {
	case code == 0 && sent.Reason == gomail.ErrSMTPDataClose:
		return errUnanswered
	case code == 0 && (sent.Reason == gomail.ErrGetSender || sent.Reason == gomail.ErrGetRcpts || sent.Reason == gomail.ErrNoUnencoded):
		return &refusal{Cause: "The letter could not be written.", Final: true, Err: errors.New(sent.Reason.String())}
	case code == 0:
		return &refusal{Cause: "The mail server broke off.", Err: errors.New(sent.Reason.String())}
	case code < 500:
		return &refusal{Cause: fmt.Sprintf("The mail server asked us to come back later (code %d).", code), Err: errors.New(sent.Reason.String())}
	}
	if sent.Reason == gomail.ErrSMTPMailFrom { // that is about us, and an operator may put it right
		return &refusal{Cause: fmt.Sprintf("The mail server refused our sender (code %d).", code), Err: errors.New(sent.Reason.String())}
	}
	return &refusal{Cause: fmt.Sprintf("The mail server refused it for good (code %d).", code), Final: true, Err: errors.New(sent.Reason.String())}
}

// message is a letter on the wire.
func (m *Mailer) message(l letter) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	to, err := mail.ParseAddress(l.To)
	if err != nil {
		return nil, errors.New("not an address") // the error itself would quote it
	}
	message.ToMailAddress(&mail.Address{Name: l.ToName, Address: to.Address})
	message.Subject(l.Subject)
	message.SetMessageIDWithValue(l.MessageID)
	message.SetDateWithValue(l.At)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's absence note answers
	message.SetBodyString(gomail.TypeTextPlain, l.Text)
	return message, nil
}
