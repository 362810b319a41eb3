package post

import (
	"bytes"
	"errors"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// MailFault is one failure of the mail server.
type MailFault struct {
	At   Stage
	Code int // what it answers; 0 breaks the connection
}

// Stage is a step of handing a mail over.
type Stage string

// The stages.
const (
	AtSender    Stage = "sender"    // MAIL FROM
	AtRecipient Stage = "recipient" // RCPT TO
	AtEnd       Stage = "end"       // the message is here whole, and is kept even when this fails without a code
)

// FailMail lets the next mails fail, one fault each.
func (s *Server) FailMail(faults ...MailFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mailFault = append(s.mailFault, faults...)
}

// fault takes the next fault if it is of this stage.
func (s *Server) fault(at Stage) (MailFault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mailFault) == 0 || s.mailFault[0].At != at {
		return MailFault{}, false
	}
	f := s.mailFault[0]
	s.mailFault = s.mailFault[1:]
	return f, true
}

// ServeMail takes mails by SMTP until Close.
func (s *Server) ServeMail(l net.Listener) error {
	if err := s.smtp.Serve(l); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Close ends the mail server.
func (s *Server) Close() error {
	err := s.smtp.Close()
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func newSMTP(s *Server) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	server.Domain, server.MaxMessageBytes, server.MaxRecipients = "localhost", mailLimit, 10
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

// session is one connection of a mail client.
type session struct {
	server *Server
	conn   *smtp.Conn
	from   string
	to     []string
}

// Reset forgets the mail under way.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout has nothing to free.
func (s *session) Logout() error { return nil }

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.failed(AtSender)
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.failed(AtRecipient)
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	f, fails := s.server.fault(AtEnd)
	if !fails || f.Code == 0 {
		s.server.keep(read(s.from, s.to, raw, s.server.now()))
	}
	if fails {
		return s.fail(f)
	}
	return nil
}

func (s *session) failed(at Stage) error {
	if f, fails := s.server.fault(at); fails {
		return s.fail(f)
	}
	return nil
}

func (s *session) fail(f MailFault) error {
	if f.Code == 0 {
		s.conn.Close()
	}
	return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.EnhancedCode{f.Code / 100, 0, 0}, Message: "told to fail"}
}

func (s *Server) keep(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = newest(append(s.mails, m))
}

// read takes a message apart as far as plain texts go; of others the raw message is the text.
func read(from string, to []string, raw []byte, now time.Time) Mail {
	m := Mail{From: from, To: slices.Clone(to), At: now, Raw: string(raw), Text: string(raw)}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m
	}
	m.Header = message.Header
	m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		m.Subject = message.Header.Get("Subject")
	}
	var body io.Reader = message.Body
	if strings.EqualFold(message.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	if text, err := io.ReadAll(body); err == nil {
		m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	return m
}
