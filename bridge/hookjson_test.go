package bridge

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// hookBodies are hooks as they come, and as they should not.
var hookBodies = []string{
	`{"type":"call.completed","timestamp":"2026-11-24T10:00:00Z","data":{"account_id":8812,"contact":{"contact_id":5,"full_name":"Ann \"A\" Lee"},"x":[1,{"y":"}"}]}}`,
	` { "data" : { "account_id" : "8812" } , "type" : "note.created" , "more" : -1.5e3 } `,
	`{"a":true,"b":null,"c":[],"d":{},"e":12,"data":{"account_id":1},"type":"t"}`,
	`{"type":"t","n":7,"data":{"account_id":1}}`,
	`{"type":"t","Data":{"account_id":1}}`,
	`{"type":"t","data":{"account_id":1,"a":1},"data":{"account_id":2}}`,
	`{"type":"t","data":{"account_id":1},"DATA":{"contact":{"contact_id":3}}}`,
	`{"type":"t","d\u0061ta":{"account_id":1}}`,
	`{"type":"t","data":{"account_id":1,"contact":{"contact_id":"five"}}}`,
	`{"type":"t","data":{"account_id":1,"contact":null}}`,
	`{"type":"t","data":{"contact":{}}}`,
	`{"type":"t","data":null}`,
	`{"type":"t","data":"text"}`,
	`{"type":"t"}`,
	`{"type":3,"data":{"account_id":1}}`,
	`{"type":"t","timestamp":"noon","data":{"account_id":1}}`,
	`{"data":{"account_id":1}}`,
	`{"type":"t","data":{"account_id":1}`,
	`{"type":"t","data":{"account_id":1}}}`,
	`[]`, `{}`, `null`, `"text"`, ``,
}

func TestReadHook(t *testing.T) {
	for _, body := range hookBodies {
		sameReading(t, body)
	}
	var whole struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(hookBodies[0]), &whole); err != nil {
		t.Fatal(err)
	}
	if got := member([]byte(hookBodies[0]), "data"); string(got) != string(whole.Data) {
		t.Errorf("got the data %s, want %s", got, whole.Data)
	}
}

func FuzzReadHook(f *testing.F) {
	for _, body := range hookBodies {
		f.Add(body)
	}
	f.Fuzz(sameReading)
}

// sameReading checks that one pass reads a hook as the steps do.
func sameReading(t *testing.T, body string) {
	t.Helper()
	got, gotAbout, err := readHook([]byte(body))
	want, wantAbout, wantErr := readHookInSteps([]byte(body))
	if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
		t.Fatalf("%s: got %v, want %v", body, err, wantErr)
	}
	if got.told != nil {
		stored := strings.ToValidUTF8(string(got.Data), "\uFFFD")
		if again, err := readTold([]byte(stored)); err != nil || !reflect.DeepEqual(*got.told, again) {
			t.Errorf("%s: for the delivery it reads %+v, what is stored reads %+v, %v", body, *got.told, again, err)
		}
		got.told = nil
	}
	if err == nil && !(reflect.DeepEqual(got, want) && reflect.DeepEqual(gotAbout, wantAbout)) {
		t.Errorf("%s: got %+v %+v, want %+v %+v", body, got, gotAbout, want, wantAbout)
	}
}
