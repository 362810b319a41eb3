package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func newVault(t *testing.T, keyset string) *Vault {
	t.Helper()
	v, err := NewVault(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newKeyset(t *testing.T) string {
	t.Helper()
	k, err := GenerateKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedOpensInItsPlaceOnly(t *testing.T) {
	v := newVault(t, newKeyset(t))
	home := place{"tokens", "1/mojo"}
	sealed, err := v.seal(home, "access", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("the sealed value shows the secret")
	}
	if got, err := v.open(home, "access", sealed); err != nil || got != "secret" {
		t.Errorf("open: got %q, %v, want the secret", got, err)
	}
	for _, test := range []struct {
		place  place
		column string
	}{
		{place{"tokens", "2/mojo"}, "access"},
		{place{"tokens", "1/mojo"}, "refresh"},
		{place{"revocations", "1/mojo"}, "access"},
	} {
		if _, err := v.open(test.place, test.column, sealed); err == nil {
			t.Errorf("opened as %s of %v, want an error", test.column, test.place)
		}
	}
	if _, err := newVault(t, newKeyset(t)).open(home, "access", sealed); err == nil {
		t.Error("opened by another key, want an error")
	}
}

func TestOldRowsOpenAfterRotation(t *testing.T) {
	old := newKeyset(t)
	home := place{"tokens", "1/mojo"}
	sealed, err := newVault(t, old).seal(home, "access", "secret")
	if err != nil {
		t.Fatal(err)
	}
	rotated := newVault(t, rotate(t, old))
	if got, err := rotated.open(home, "access", sealed); err != nil || got != "secret" {
		t.Errorf("open: got %q, %v, want the secret", got, err)
	}
	fresh, err := rotated.seal(home, "access", "secret")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(fresh[:5], sealed[:5]) {
		t.Error("sealed by the old key, want the new one")
	}
	if _, err := newVault(t, old).open(home, "access", fresh); err == nil {
		t.Error("the old keyset opens what the new key sealed, want an error")
	}
	thrice := newVault(t, rotate(t, rotate(t, old)))
	if got, err := thrice.open(home, "access", sealed); err != nil || got != "secret" {
		t.Errorf("open after two rotations: got %q, %v, want the secret", got, err)
	}
}

func TestRemoveOldKeys(t *testing.T) {
	first := newKeyset(t)
	if got, err := RemoveOldKeys(first); !errors.Is(err, ErrOneKey) || got != "" {
		t.Errorf("of one key: %v, want %v and no keyset", err, ErrOneKey)
	}
	home, both := place{"tokens", "1/mojo"}, rotate(t, rotate(t, first))
	sealed, err := newVault(t, first).seal(home, "access", "old secret")
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := newVault(t, both).seal(home, "access", "secret")
	if err != nil {
		t.Fatal(err)
	}
	left, err := RemoveOldKeys(both)
	if err != nil {
		t.Fatal(err)
	}
	v := newVault(t, left)
	if got, err := v.open(home, "access", fresh); err != nil || got != "secret" {
		t.Errorf("open: got %q, %v, want the secret", got, err)
	}
	if _, err := v.open(home, "access", sealed); err == nil {
		t.Error("what an old key sealed opens, want that key gone")
	}
	if _, err := RemoveOldKeys(left); !errors.Is(err, ErrOneKey) {
		t.Errorf("once more: %v, want %v", err, ErrOneKey)
	}
}

// rotate adds a key to the keyset, which seals from then on.
func rotate(t *testing.T, encoded string) string {
	t.Helper()
	rotated, err := AddKey(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return rotated
}

func TestNewVaultNeverQuotesTheKeyset(t *testing.T) {
	for _, value := range []string{
		"",
		"not base64: hunter2",
		base64.StdEncoding.EncodeToString([]byte("hunter2")),
		base64.StdEncoding.EncodeToString([]byte(`{"primaryKeyId": 1, "key": [{"keyId": "hunter2"}]}`)),
		base64.StdEncoding.EncodeToString([]byte(`{"primaryKeyId": 1, "key": []}`)),
	} {
		_, err := NewVault(value)
		_, add := AddKey(value)
		_, remove := RemoveOldKeys(value)
		if err == nil || add == nil || add.Error() != err.Error() || remove == nil || remove.Error() != err.Error() {
			t.Errorf("NewVault(%q): %v, AddKey: %v, RemoveOldKeys: %v, want the same error", value, err, add, remove)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || value != "" && strings.Contains(err.Error(), value) {
			t.Errorf("NewVault(%q): the error %q quotes the value", value, err)
		}
	}
}

func TestNewVaultTakesAFilesLineEnd(t *testing.T) {
	newVault(t, newKeyset(t)+"\n")
}
