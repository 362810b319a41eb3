package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the container has no zone files

	"github.com/caarlos0/env/v11"

	"addtomojo/bridge"
	"addtomojo/web"
)

// Settings are what `serve` reads from the environment. Each secret may also come from a file named by
// NAME_FILE.
type Settings struct {
	ListenAddr  string `env:"LISTEN_ADDR" envDefault:":8080"`
	BaseURL     string `env:"BASE_URL,required,notEmpty"`
	DatabaseURL secret `env:"DATABASE_URL" envDefault:"addtomojo.db"`

	EncryptionKeyset secret   `env:"ENCRYPTION_KEYSET,required,notEmpty"`
	SessionKeys      []secret `env:"SESSION_KEYS,required,notEmpty"`

	WiseAgentAuthURL      string `env:"WISEAGENT_AUTH_URL" envDefault:"https://sync.thewiseagent.com"`
	WiseAgentAPIURL       string `env:"WISEAGENT_API_URL" envDefault:"https://sync.thewiseagent.com"`
	WiseAgentClientID     string `env:"WISEAGENT_CLIENT_ID,required,notEmpty"`
	WiseAgentClientSecret secret `env:"WISEAGENT_CLIENT_SECRET,required,notEmpty"`
	WiseAgentLaunchSecret secret `env:"WISEAGENT_LAUNCH_SECRET"`
	WiseAgentTimeZone     string `env:"WISEAGENT_TIME_ZONE" envDefault:"America/Phoenix"`
	WiseAgentSource       string `env:"WISEAGENT_SOURCE" envDefault:"Mojo"`

	MojoAuthURL            string   `env:"MOJO_AUTH_URL" envDefault:"https://lb11.mojosells.com"`
	MojoClientID           string   `env:"MOJO_CLIENT_ID,required,notEmpty"`
	MojoClientSecret       secret   `env:"MOJO_CLIENT_SECRET,required,notEmpty"`
	MojoDialerURL          string   `env:"MOJO_DIALER_URL" envDefault:"{account_url}/my-data/?group_id={group_id}"`
	MojoRefusedPermissions []string `env:"MOJO_REFUSED_PERMISSIONS" envDefault:"dialing_rep"`
	MojoBatchSize          int      `env:"MOJO_BATCH_SIZE" envDefault:"100"`
	MojoWebhookSecrets     []secret `env:"MOJO_WEBHOOK_SECRETS"`
	MojoAPITokens          []secret `env:"MOJO_API_TOKENS"`

	SupportOIDCIssuer       string   `env:"SUPPORT_OIDC_ISSUER"`
	SupportOIDCClientID     string   `env:"SUPPORT_OIDC_CLIENT_ID"`
	SupportOIDCClientSecret secret   `env:"SUPPORT_OIDC_CLIENT_SECRET"`
	SupportAllowedEmails    []string `env:"SUPPORT_ALLOWED_EMAILS"`
	SupportOperatorEmails   []string `env:"SUPPORT_OPERATOR_EMAILS"`

	NoticeWebhookURL    secret `env:"NOTICE_WEBHOOK_URL"` // such addresses often hold a secret
	NoticeWebhookSecret secret `env:"NOTICE_WEBHOOK_SECRET"`
	SMTPURL             secret `env:"SMTP_URL"`
	SMTPFrom            string `env:"SMTP_FROM"`

	CategoryDNC       string   `env:"CATEGORY_DNC" envDefault:"Do Not Call"`
	CategoryBadNumber string   `env:"CATEGORY_BAD_NUMBER" envDefault:"Bad Number"`
	TrustedProxies    []string `env:"TRUSTED_PROXIES"`
	ClientIPHeader    string   `env:"CLIENT_IP_HEADER"`
	MetricsAddr       string   `env:"METRICS_ADDR"`

	noticeAfter time.Duration    // the sandbox's own: a person doesn't wait for minutes; 0 as usual
	clock       func() time.Time // of a test that lives through days; nil is time.Now
}

// noCategory is the category's name that stands for none: an empty variable can't be told from one that isn't set.
const noCategory = "none"

// secret is a setting that never shows itself in a log or an error.
type secret string

func (secret) String() string               { return "(secret)" }
func (secret) GoString() string             { return "(secret)" }
func (secret) LogValue() slog.Value         { return slog.StringValue("(secret)") }
func (s secret) reveal() string             { return string(s) }
func (secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// reveal gives a list of secrets to whoever needs them.
func reveal(secrets []secret) []string {
	plain := make([]string, len(secrets))
	for i, s := range secrets {
		plain[i] = s.reveal()
	}
	return plain
}

// readSettings reads and checks the environment. The error lists everything that is wrong; it names
// settings and never quotes a secret.
func readSettings(getenv func(string) string) (Settings, error) {
	vars, problems := environment(getenv)
	var s Settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: vars}); err != nil {
		var all env.AggregateError
		if !errors.As(err, &all) {
			return s, err
		}
		for _, problem := range all.Errors {
			problems = append(problems, s.plain(problem, vars))
		}
	}
	for _, category := range []*string{&s.CategoryDNC, &s.CategoryBadNumber} {
		if strings.EqualFold(strings.TrimSpace(*category), noCategory) {
			*category = ""
		}
	}
	return s, errors.Join(append(problems, s.check()...)...)
}

// plain says what the parser can't read in the words of whoever set it. Only numbers can be unreadable.
func (s *Settings) plain(problem error, vars map[string]string) error {
	var unread env.ParseError
	if !errors.As(problem, &unread) {
		return problem
	}
	field, _ := reflect.TypeFor[Settings]().FieldByName(unread.Name)
	name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
	reflect.ValueOf(s).Elem().FieldByIndex(field.Index).SetInt(1) // it is said already: nothing more need be wrong with it
	return fmt.Errorf("%s: %q is not a number", name, vars[name])
}

// environment gives the variables that Settings knows, a secret's from its file where NAME_FILE is set.
func environment(getenv func(string) string) (vars map[string]string, problems []error) {
	vars = make(map[string]string)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		value, path := strings.TrimSpace(getenv(name)), "" // a blank around a secret is seen by nobody, and fits nothing
		if isSecret(field.Type) {
			path = getenv(name + "_FILE")
		}
		switch {
		case value != "" && path != "":
			problems = append(problems, fmt.Errorf("%s and %s_FILE are both set: which one?", name, name))
		case path != "":
			content, err := os.ReadFile(path)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s_FILE: %w", name, err))
			}
			if value = strings.TrimSpace(string(content)); value == "" && err == nil {
				problems = append(problems, fmt.Errorf("%s_FILE: %s is empty", name, path))
			}
		}
		if value != "" {
			vars[name] = value
		}
	}
	return vars, problems
}

// setting reads one variable alone, for a command that needs no other; "" when it isn't set.
func setting(getenv func(string) string, name string) (string, error) {
	vars, problems := environment(func(asked string) string {
		if asked == name || asked == name+"_FILE" {
			return getenv(asked)
		}
		return ""
	})
	return vars[name], errors.Join(problems...)
}

func isSecret(t reflect.Type) bool {
	return t == reflect.TypeFor[secret]() || t == reflect.TypeFor[[]secret]()
}

// check looks at what a type can't say.
func (s Settings) check() (problems []error) {
	problems = slices.Concat(s.checkOrigins(), s.checkSecrets())
	if _, err := time.LoadLocation(s.WiseAgentTimeZone); err != nil {
		problems = append(problems, fmt.Errorf("WISEAGENT_TIME_ZONE: %q is not a time zone, such as America/Phoenix", s.WiseAgentTimeZone))
	}
	if s.MojoBatchSize < 1 || s.MojoBatchSize > 1000 {
		problems = append(problems, fmt.Errorf("MOJO_BATCH_SIZE: %d is not between 1 and 1000", s.MojoBatchSize))
	}
	categories := []struct{ name, value string }{{"CATEGORY_DNC", s.CategoryDNC}, {"CATEGORY_BAD_NUMBER", s.CategoryBadNumber}}
	for _, c := range categories {
		if strings.Contains(c.value, ",") {
			problems = append(problems, fmt.Errorf("%s: %q has a comma, which Wise Agent takes for two categories", c.name, c.value))
		}
	}
	if !strings.HasPrefix(s.MojoDialerURL, "{account_url}/") || !strings.Contains(s.MojoDialerURL, "{group_id}") {
		problems = append(problems, errors.New("MOJO_DIALER_URL must begin with {account_url}/ and contain {group_id}"))
	}
	if err := web.CheckSupport(s.support()); err != nil {
		problems = append(problems, err)
	}
	for i, permission := range s.MojoRefusedPermissions {
		if strings.Trim(permission, " _") == "" {
			problems = append(problems, fmt.Errorf("MOJO_REFUSED_PERMISSIONS: entry %d is empty", i+1))
		}
	}
	if proxies, err := s.trustedProxies(); err != nil {
		problems = append(problems, err)
	} else if err := web.CheckClientIPHeader(s.ClientIPHeader, proxies); err != nil {
		problems = append(problems, fmt.Errorf("CLIENT_IP_HEADER: %w", err))
	}
	if err := checkListen("LISTEN_ADDR", s.ListenAddr, "8080"); err != nil {
		problems = append(problems, err)
	}
	if err := s.checkMetricsAddr(); err != nil {
		problems = append(problems, err)
	}
	if _, err := s.noticeHook(); err != nil {
		problems = append(problems, err)
	}
	if _, err := s.mailer(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

func (s Settings) checkSecrets() (problems []error) {
	if s.EncryptionKeyset != "" {
		if _, err := s.vault(); err != nil {
			problems = append(problems, err)
		}
	}
	if _, err := s.sessionKeys(); err != nil {
		problems = append(problems, err)
	}
	if err := web.CheckLaunchSecret(s.WiseAgentLaunchSecret.reveal()); err != nil {
		problems = append(problems, fmt.Errorf("WISEAGENT_LAUNCH_SECRET: %w", err))
	}
	if err := web.CheckHookSecrets(reveal(s.MojoWebhookSecrets)); err != nil {
		problems = append(problems, fmt.Errorf("MOJO_WEBHOOK_SECRETS: %w", err))
	}
	if err := web.CheckAPITokens(reveal(s.MojoAPITokens)); err != nil {
		problems = append(problems, fmt.Errorf("MOJO_API_TOKENS: %w", err))
	}
	return problems
}

func (s Settings) checkOrigins() (problems []error) {
	origins := []struct{ name, value string }{
		{"BASE_URL", s.BaseURL}, {"WISEAGENT_AUTH_URL", s.WiseAgentAuthURL},
		{"WISEAGENT_API_URL", s.WiseAgentAPIURL}, {"MOJO_AUTH_URL", s.MojoAuthURL},
	}
	for _, o := range origins {
		if o.value == "" {
			continue // reported as missing already
		}
		if err := checkOrigin(o.value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", o.name, err))
		}
	}
	return problems
}

// support says who may look at /support.
func (s Settings) support() web.Support {
	return web.Support{
		Issuer: s.SupportOIDCIssuer, ClientID: s.SupportOIDCClientID, ClientSecret: s.SupportOIDCClientSecret.reveal(),
		Viewers: s.SupportAllowedEmails, Operators: s.SupportOperatorEmails,
	}
}

// checkOrigin accepts https://host, and http on loopback.
func checkOrigin(value string) error {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || !isPort(u.Port()) || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return errors.New("must be an origin such as https://example.com, without a path")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https (http is for this machine alone)")
}

// isPort says whether a server can have the port; "" is the scheme's own.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (s Settings) sessionKeys() (keys [][]byte, err error) {
	for i, k := range s.SessionKeys {
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k.reveal()))
		if err != nil || len(key) < 32 {
			return nil, fmt.Errorf("SESSION_KEYS: key %d is not base64 of 32 bytes; `addtomojo keys generate` prints one", i+1)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (s Settings) trustedProxies() (proxies []netip.Prefix, err error) {
	for _, p := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(p))
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is not a network such as 10.0.0.0/8", p)
		}
		proxies = append(proxies, prefix)
	}
	return proxies, nil
}

// checkMetricsAddr accepts "" and an address to listen on that is not the one where everybody comes.
func (s Settings) checkMetricsAddr() error {
	if s.MetricsAddr == "" {
		return nil
	}
	if err := checkListen("METRICS_ADDR", s.MetricsAddr, "9091"); err != nil {
		return err
	}
	if s.MetricsAddr == s.ListenAddr {
		return errors.New("METRICS_ADDR is the same as LISTEN_ADDR: the metrics are not for everybody")
	}
	return nil
}

func checkListen(name, address, usual string) error {
	_, port, err := net.SplitHostPort(address)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return fmt.Errorf("%s: %q is not an address to listen on, such as :%s or 127.0.0.1:%[3]s", name, address, usual)
	}
	return nil
}

// noticeHook is nil when none is set up.
func (s Settings) noticeHook() (*bridge.NoticeHook, error) {
	if s.NoticeWebhookURL == "" && s.NoticeWebhookSecret == "" {
		return nil, nil
	}
	if s.NoticeWebhookURL == "" || s.NoticeWebhookSecret == "" {
		return nil, errors.New("NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_SECRET go together: one of them is not set")
	}
	hook, err := bridge.NewNoticeHook(s.NoticeWebhookURL.reveal(), s.NoticeWebhookSecret.reveal())
	if err != nil {
		return nil, fmt.Errorf("NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_SECRET: %w", err)
	}
	return hook, nil
}

// mailer is nil when none is set up.
func (s Settings) mailer() (*bridge.Mailer, error) {
	if s.SMTPURL == "" && s.SMTPFrom == "" {
		return nil, nil
	}
	if s.SMTPURL == "" || s.SMTPFrom == "" {
		return nil, errors.New("SMTP_URL and SMTP_FROM go together: one of them is not set")
	}
	mailer, err := bridge.NewMailer(s.SMTPURL.reveal(), s.SMTPFrom)
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL and SMTP_FROM: %w", err)
	}
	return mailer, nil
}
