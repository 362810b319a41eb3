package main

import (
	"bytes"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"addtomojo/store"
)

// goodVars is an environment with which the service starts.
func goodVars(t *testing.T) map[string]string {
	t.Helper()
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"BASE_URL": "https://add.example.com", "ENCRYPTION_KEYSET": keyset, "SESSION_KEYS": sessionKey(),
		"WISEAGENT_CLIENT_ID": "wise", "WISEAGENT_CLIENT_SECRET": "marked-wise-secret",
		"MOJO_CLIENT_ID": "mojo", "MOJO_CLIENT_SECRET": "marked-mojo-secret",
	}
}

func from(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestSettingsHaveUsefulDefaults(t *testing.T) {
	s, err := readSettings(from(goodVars(t)))
	if err != nil {
		t.Fatal(err)
	}
	if s.ListenAddr != ":8080" || s.MojoBatchSize != 100 || s.WiseAgentTimeZone != "America/Phoenix" || s.MojoRefusedPermissions[0] != "dialing_rep" ||
		s.WiseAgentSource != "Mojo" || s.CategoryBadNumber != "Bad Number" || len(s.MojoWebhookSecrets)+len(s.MojoAPITokens) != 0 {
		t.Errorf("settings %+v lack their defaults", s)
	}
}

func TestAllProblemsAreListedAtOnceWithoutSecrets(t *testing.T) {
	vars := goodVars(t)
	delete(vars, "MOJO_CLIENT_ID")
	vars["BASE_URL"] = "http://add.example.com"
	vars["WISEAGENT_AUTH_URL"] = "https://sync.example.com/path"
	vars["WISEAGENT_TIME_ZONE"] = "Arizona/Tucson"
	vars["MOJO_BATCH_SIZE"] = "0"
	vars["CATEGORY_DNC"] = "DNC, Mojo"
	vars["CATEGORY_BAD_NUMBER"] = "Bad,Number"
	vars["MOJO_DIALER_URL"] = "https://elsewhere.example.com/{group_id}"
	vars["SESSION_KEYS"] = "marked-session-key"
	vars["TRUSTED_PROXIES"] = "10.0.0.1"
	vars["MOJO_CLIENT_SECRET_FILE"] = "/nowhere"
	vars["MOJO_WEBHOOK_SECRETS"] = "whsec_" + sessionKey() + ",whsec_marked"
	vars["MOJO_API_TOKENS"] = "marked"
	vars["WISEAGENT_LAUNCH_SECRET"] = "marked"
	vars["SUPPORT_OIDC_ISSUER"] = "http://accounts.example.com"
	vars["SUPPORT_OIDC_CLIENT_SECRET"] = "marked-oidc-secret"
	vars["SUPPORT_OPERATOR_EMAILS"] = "sam"
	_, err := readSettings(from(vars))
	if err == nil {
		t.Fatal("the settings are taken, want a list of problems")
	}
	for _, name := range []string{"MOJO_CLIENT_ID", "BASE_URL", "WISEAGENT_AUTH_URL", "WISEAGENT_TIME_ZONE", "MOJO_BATCH_SIZE",
		`CATEGORY_DNC: "DNC, Mojo" has a comma`, `CATEGORY_BAD_NUMBER: "Bad,Number" has a comma`, "MOJO_DIALER_URL", "SESSION_KEYS", "TRUSTED_PROXIES", "MOJO_WEBHOOK_SECRETS", "MOJO_API_TOKENS", "WISEAGENT_LAUNCH_SECRET: it is shorter than 16", "SUPPORT_OIDC_ISSUER: must be https", "SUPPORT_OIDC_CLIENT_ID is missing", `SUPPORT_OPERATOR_EMAILS: "sam"`, "MOJO_CLIENT_SECRET and MOJO_CLIENT_SECRET_FILE"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the problems don't name %s:\n%v", name, err)
		}
	}
	if strings.Contains(err.Error(), "marked") {
		t.Errorf("the problems quote a secret:\n%v", err)
	}
}

func TestHeaderOfTheProxyIsChecked(t *testing.T) {
	for _, test := range []struct{ proxies, header, want string }{
		{"172.16.0.0/12,fdaa::/16", "Fly-Client-IP", ""},
		{"", "", ""},
		{"172.16.0.0/12", "", ""},
		{"", "Fly-Client-IP", "TRUSTED_PROXIES"},
		{"172.16.0.0/12", "Fly Client IP", "not the name of a header"},
		{"172.16.0.0/12", "x-forwarded-for", "one address"},
	} {
		vars := goodVars(t)
		vars["TRUSTED_PROXIES"], vars["CLIENT_IP_HEADER"] = test.proxies, test.header
		_, err := readSettings(from(vars))
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%+v: got %v, want no error", test, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), "CLIENT_IP_HEADER") || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%+v: got %v, want CLIENT_IP_HEADER named", test, err)
		}
	}
}

func TestAWrongSettingIsNamedInPlainWords(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, value, want string }{
		{"MOJO_BATCH_SIZE", "ten", `MOJO_BATCH_SIZE: "ten" is not a number`},
		{"LISTEN_ADDR", "8080", `LISTEN_ADDR: "8080" is not an address to listen on, such as :8080 or 127.0.0.1:8080`},
		{"LISTEN_ADDR", ":99999", `LISTEN_ADDR: ":99999" is not an address to listen on, such as :8080 or 127.0.0.1:8080`},
		{"BASE_URL", "https://:443", "BASE_URL: must be an origin such as https://example.com, without a path"},
		{"BASE_URL", "https://add.example.com:99999", "BASE_URL: must be an origin such as https://example.com, without a path"},
		{"MOJO_REFUSED_PERMISSIONS", "dialing_rep,", "MOJO_REFUSED_PERMISSIONS: entry 2 is empty"},
		{"WISEAGENT_CLIENT_ID", " ", `required environment variable "WISEAGENT_CLIENT_ID" is not set`},
		{"ENCRYPTION_KEYSET", "marked", "ENCRYPTION_KEYSET: read keyset: it is not base64"},
		{"MOJO_API_TOKENS_FILE", empty, "MOJO_API_TOKENS_FILE: " + empty + " is empty"},
	} {
		vars := goodVars(t)
		vars[test.name] = test.value
		if _, err := readSettings(from(vars)); err == nil || err.Error() != test.want {
			t.Errorf("%s=%s: %v, want %s", test.name, test.value, err, test.want)
		}
	}
}

func TestAnAddressThatIsTakenIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	vars := goodVars(t)
	vars["LISTEN_ADDR"] = taken.Addr().String()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"serve"}, from(vars), &out, &out); err == nil || !strings.HasPrefix(err.Error(), "LISTEN_ADDR: ") {
		t.Errorf("got %v, want LISTEN_ADDR named", err)
	}
}

func TestSecretsComeFromFilesToo(t *testing.T) {
	vars := goodVars(t)
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	delete(vars, "MOJO_CLIENT_SECRET")
	vars["MOJO_CLIENT_SECRET_FILE"] = path
	s, err := readSettings(from(vars))
	if err != nil || s.MojoClientSecret.reveal() != "from a file" {
		t.Errorf("secret %q, %v; want the file's content", s.MojoClientSecret.reveal(), err)
	}
	vars["MOJO_CLIENT_SECRET_FILE"] = path + ".missing"
	if _, err := readSettings(from(vars)); err == nil || !strings.Contains(err.Error(), "MOJO_CLIENT_SECRET_FILE") {
		t.Errorf("a missing file: %v, want it named", err)
	}
}

// An editor or an env file leaves a blank or a line's end behind.
func TestBlanksAroundAValueDontCount(t *testing.T) {
	vars := goodVars(t)
	vars["BASE_URL"], vars["WISEAGENT_CLIENT_SECRET"] = " https://add.example.com\n", " marked-secret \r\n"
	s, err := readSettings(from(vars))
	if err != nil || s.BaseURL != "https://add.example.com" || s.WiseAgentClientSecret.reveal() != "marked-secret" {
		t.Errorf("got %q, %q and %v, want both without blanks", s.BaseURL, s.WiseAgentClientSecret.reveal(), err)
	}
}

func TestSettingsNeverShowTheirSecrets(t *testing.T) {
	vars := goodVars(t)
	vars["MOJO_API_TOKENS"] = "marked-token-of-mojo-1, marked-token-of-mojo-2"
	s, err := readSettings(from(vars))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings", "all", s, "one", s.MojoClientSecret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "all", s, "pointer", &s)
	if strings.Contains(log.String(), "marked") {
		t.Errorf("the log shows a secret: %s", log.String())
	}
}

func TestSupportSettings(t *testing.T) {
	oidc := map[string]string{
		"SUPPORT_OIDC_ISSUER": "https://login.example.com/tenant/v2.0", "SUPPORT_OIDC_CLIENT_ID": "addtomojo", "SUPPORT_OIDC_CLIENT_SECRET": "marked-oidc-secret",
		"SUPPORT_ALLOWED_EMAILS": "vera@example.com, Olga@example.com", "SUPPORT_OPERATOR_EMAILS": "sam@example.com",
	}
	with := func(change map[string]string) error {
		vars := goodVars(t)
		for name, value := range oidc {
			vars[name] = value
		}
		for name, value := range change {
			vars[name] = value
		}
		_, err := readSettings(from(vars))
		return err
	}
	none := map[string]string{"SUPPORT_OIDC_ISSUER": "", "SUPPORT_OIDC_CLIENT_ID": "", "SUPPORT_OIDC_CLIENT_SECRET": ""}
	for _, good := range []map[string]string{{}, none, {"SUPPORT_ALLOWED_EMAILS": ""}, {"SUPPORT_OPERATOR_EMAILS": ""}} {
		if err := with(good); err != nil {
			t.Errorf("%v: got %v, want no error", good, err)
		}
	}
	for want, bad := range map[string]map[string]string{
		"SUPPORT_OIDC_CLIENT_ID is missing":         {"SUPPORT_OIDC_CLIENT_ID": ""},
		"SUPPORT_OIDC_CLIENT_SECRET is missing":     {"SUPPORT_OIDC_CLIENT_SECRET": ""},
		"SUPPORT_OIDC_ISSUER is missing":            {"SUPPORT_OIDC_ISSUER": ""},
		"SUPPORT_OIDC_ISSUER: must be the issuer's": {"SUPPORT_OIDC_ISSUER": "https://login.example.com/?tenant=1"},
		"nobody could sign in":                      {"SUPPORT_ALLOWED_EMAILS": "", "SUPPORT_OPERATOR_EMAILS": ""},
		"SUPPORT_ALLOWED_EMAILS":                    {"SUPPORT_ALLOWED_EMAILS": "vera@example.com, *@example.com@example.org"},
	} {
		if err := with(bad); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "marked") {
			t.Errorf("%v: got %v, want %q", bad, err, want)
		}
	}
}

func TestTheWrongStartSaysWhatToDo(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "which command?"},
		{[]string{"dance"}, `there is no command "dance"`},
		{[]string{"keys"}, "usage: addtomojo keys generate"},
		{[]string{"links"}, "usage: addtomojo links rebuild --email EMAIL"},
		{[]string{"links", "rebuild", "--email", "kate@example.com"}, "the settings need attention:"},
		{[]string{"serve"}, "the settings need attention:"},
		{[]string{"migrate"}, "the settings need attention:"},
		{[]string{"sandbox", "--mojo", "256.0.0.1:1"}, "256.0.0.1"},
		{[]string{"sandbox", "now"}, `sandbox takes no "now"`},
		{[]string{"serve", "listen", ":8080"}, `serve takes no "listen"`},
		{[]string{"links", "rebuild", "--email", "kate@example.com", "again"}, `links rebuild takes no "again"`},
		{[]string{"migrate", "--force"}, "usage: addtomojo migrate"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), test.args, func(string) string { return "" }, &out, &out)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("addtomojo %q: %v, want %q", test.args, err, test.want)
		}
	}
}

func TestAskingForHelpIsNoError(t *testing.T) {
	for _, command := range []string{"help", "serve -h", "sandbox -h", "keys reseal -h", "keys forget -h", "links rebuild -h", "support-link --help", "keys -h",
		"keys add -h", "keys generate --help", "keys remove -h", "links -h", "backup -h", "import --help", "migrate -h"} {
		var out bytes.Buffer
		err := run(t.Context(), strings.Fields(command), func(string) string { return "" }, &out, &out)
		if err != nil || out.Len() == 0 {
			t.Errorf("addtomojo %s: %q and %v, want help and no error", command, out.String(), err)
		}
	}
}

// A command beside the service that meets no database has another one in mind, or is in another folder: it makes none.
func TestCommandsBesideTheServiceMakeNoDatabase(t *testing.T) {
	vars := goodVars(t)
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars["ENCRYPTION_KEYSET"], vars["DATABASE_URL"] = keyset, filepath.Join(t.TempDir(), "elsewhere.db")
	for _, command := range []string{
		"support-link --email sam@example.com", "links rebuild --email kate@example.com", "backup " + filepath.Join(t.TempDir(), "copy.db"),
		"keys forget --everybody-signs-in-again", "keys reseal --every-instance-has-this-keyset",
	} {
		var out bytes.Buffer
		err := run(t.Context(), strings.Fields(command), from(vars), &out, &out)
		if err == nil || !strings.Contains(err.Error(), "is DATABASE_URL the right one?") || strings.Contains(err.Error(), "0 rows") || out.Len() > 0 {
			t.Errorf("addtomojo %s: %q and %v, want to be asked for DATABASE_URL", command, out.String(), err)
		}
		if _, err := os.Stat(vars["DATABASE_URL"]); err == nil {
			t.Fatalf("addtomojo %s made a database", command)
		}
	}
}

func TestADatabaseThatCantBeOpenedIsNamed(t *testing.T) {
	vars := goodVars(t)
	keyset, err := store.GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	vars["ENCRYPTION_KEYSET"] = keyset
	folder := t.TempDir()
	text := filepath.Join(folder, "text.db")
	if err := os.WriteFile(text, []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, database := range []string{
		"mysql://user:marked@db.example.com/addtomojo", filepath.Join(folder, "nowhere", "a.db"), folder, text, "sqlite:" + text + "?mode=ro",
		"postgres://user:marked@127.0.0.1:1/addtomojo", "postgres://user:marked@127.0.0.1:99999/addtomojo",
	} {
		vars["DATABASE_URL"] = database
		var out bytes.Buffer
		err := run(t.Context(), []string{"migrate"}, from(vars), &out, &out)
		if err == nil || !strings.HasPrefix(err.Error(), "DATABASE_URL: ") || strings.Contains(err.Error(), "marked") {
			t.Errorf("%s: %v, want DATABASE_URL named and no password", database, err)
		}
	}
}

func TestGeneratedKeysStartTheService(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"keys", "generate"}, nil, &out, &out); err != nil {
		t.Fatal(err)
	}
	vars := goodVars(t)
	for line := range strings.Lines(out.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		vars[name] = value
	}
	vars["DATABASE_URL"] = filepath.Join(t.TempDir(), "fresh.db")
	out.Reset()
	if err := run(t.Context(), []string{"migrate"}, from(vars), &out, &out); err != nil {
		t.Fatal(err)
	}
	other, _ := readSettings(from(vars)) // read a moment ago
	if other.EncryptionKeyset.reveal() != vars["ENCRYPTION_KEYSET"] {
		t.Error("the keyset is not the one that was printed")
	}
	out.Reset()
	run(t.Context(), []string{"keys", "generate"}, nil, &out, &out) // worked above
	vars["ENCRYPTION_KEYSET"] = strings.TrimPrefix(strings.Split(out.String(), "\n")[0], "ENCRYPTION_KEYSET=")
	if err := run(t.Context(), []string{"migrate"}, from(vars), &out, &out); err == nil || !strings.Contains(err.Error(), "ENCRYPTION_KEYSET") {
		t.Errorf("with another key: %v, want the start to stop and name ENCRYPTION_KEYSET", err)
	}
}

func TestSettingsOfNotices(t *testing.T) {
	hook, smtp := map[string]string{"NOTICE_WEBHOOK_URL": "https://ops.example.com/marked", "NOTICE_WEBHOOK_SECRET": "whsec_" + sessionKey()},
		map[string]string{"SMTP_URL": "smtp://marked:marked@mail.example.com:587", "SMTP_FROM": "Add to Mojo <add@example.com>"}
	cases := []struct {
		name    string
		base    map[string]string
		change  map[string]string
		problem string // "" is none
	}{
		{"webhook", hook, nil, ""},
		{"webhook on loopback", hook, map[string]string{"NOTICE_WEBHOOK_URL": "http://127.0.0.1:9000/marked"}, ""},
		{"webhook without https", hook, map[string]string{"NOTICE_WEBHOOK_URL": "http://ops.example.com/marked"}, "must be https"},
		{"webhook without a host", hook, map[string]string{"NOTICE_WEBHOOK_URL": "https:///marked"}, "must be https"},
		{"webhook without a secret", hook, map[string]string{"NOTICE_WEBHOOK_SECRET": ""}, "go together"},
		{"webhook without an address", hook, map[string]string{"NOTICE_WEBHOOK_URL": ""}, "go together"},
		{"webhook with a short secret", hook, map[string]string{"NOTICE_WEBHOOK_SECRET": "whsec_bWFya2Vk"}, "whsec_"},
		{"webhook with another kind of secret", hook, map[string]string{"NOTICE_WEBHOOK_SECRET": "marked"}, "whsec_"},
		{"mail", smtp, nil, ""},
		{"mail with TLS", smtp, map[string]string{"SMTP_URL": "smtps://marked:marked@mail.example.com"}, ""},
		{"mail on loopback", smtp, map[string]string{"SMTP_URL": "smtp://localhost:2525", "SMTP_FROM": "add@example.com"}, ""},
		{"mail by another protocol", smtp, map[string]string{"SMTP_URL": "http://marked:marked@mail.example.com"}, "smtp://"},
		{"mail with an unreadable address", smtp, map[string]string{"SMTP_URL": "smtp://marked:%zz@mail.example.com"}, "smtp://"},
		{"mail with a wrong port", smtp, map[string]string{"SMTP_URL": "smtp://marked:marked@mail.example.com:70000"}, "port"},
		{"mail with a query", smtp, map[string]string{"SMTP_URL": "smtp://mail.example.com?marked"}, "smtp://"},
		{"mail without a sender", smtp, map[string]string{"SMTP_FROM": ""}, "go together"},
		{"mail without a server", smtp, map[string]string{"SMTP_URL": ""}, "go together"},
		{"mail with a sender that is none", smtp, map[string]string{"SMTP_FROM": "marked"}, "sender"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vars := goodVars(t)
			maps.Copy(vars, c.base)
			maps.Copy(vars, c.change)
			_, err := readSettings(from(vars))
			switch {
			case c.problem == "" && err != nil:
				t.Errorf("got %v, want the settings taken", err)
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Errorf("got %v, want a problem with %q", err, c.problem)
			case err != nil && strings.Contains(err.Error(), "marked"):
				t.Errorf("the problem quotes a secret: %v", err)
			}
		})
	}
}

// An empty setting is as good as one that isn't there, so a word says that there is no category.
func TestCategoriesCanBeSwitchedOff(t *testing.T) {
	for _, tt := range []struct{ dnc, bad, wantDNC, wantBad string }{
		{"", "", "Do Not Call", "Bad Number"},
		{"none", "none", "", ""},
		{"", "None", "Do Not Call", ""},
		{" NONE ", "Wrong number", "", "Wrong number"},
		{"None of these", "nonesuch", "None of these", "nonesuch"},
	} {
		vars := goodVars(t)
		vars["CATEGORY_DNC"], vars["CATEGORY_BAD_NUMBER"] = tt.dnc, tt.bad
		s, err := readSettings(from(vars))
		if err != nil {
			t.Fatal(err)
		}
		b, err := newBridge(s, nil, nil)
		if err != nil || b.DoNotCallCategory != tt.wantDNC || b.BadNumberCategory != tt.wantBad {
			t.Errorf("%q and %q: the service has %q and %q, %v; want %q and %q", tt.dnc, tt.bad, b.DoNotCallCategory, b.BadNumberCategory, err, tt.wantDNC, tt.wantBad)
		}
	}
}
