package bridge

import (
	"errors"
	"testing"
)

func TestReadAbout(t *testing.T) {
	tests := []struct {
		data, account, api, name string
		contact                  int64
		err                      error
	}{
		{data: `{"account_id":8812,"contact":{"contact_id":5,"api_contact_id":"9","full_name":"Ann Lee"}}`, account: "8812", contact: 5, api: "9", name: "Ann Lee"},
		{data: `{"account_id":"8812"}`, account: "8812"},
		{data: `{"contact":{"contact_id":"5"},"account_id":1}`, account: "1", contact: 5},
		{data: `{"contact":{"contact_id":"five","api_contact_id":"9"},"account_id":1}`, account: "1", api: "9"},
		{data: `{"contact":["Ann"],"account_id":1}`, account: "1"},
		{data: `{"contact":null,"account_id":1}`, account: "1"},
		{data: `{"contact":{"contact_id":5}}`, err: ErrHookUnreadable},
		{data: `{"account_id":null}`, err: ErrHookUnreadable},
		{data: `{"account_id":{},"contact":{"contact_id":5}}`, err: ErrHookUnreadable},
		{data: `{"contact":"Ann","account_id":{}}`, err: ErrHookUnreadable},
		{data: `["account_id"]`, err: ErrHookUnreadable},
		{data: `{"account_id":1`, err: ErrHookUnreadable},
	}
	for _, tt := range tests {
		a, err := readAbout([]byte(tt.data))
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: got error %v, want %v", tt.data, err, tt.err)
		}
		c := a.Contact
		if err == nil && (string(a.AccountID) != tt.account || int64(c.ContactID) != tt.contact || c.APIContactID != tt.api || c.FullName != tt.name) {
			t.Errorf("%s: got %+v", tt.data, a)
		}
	}
}
