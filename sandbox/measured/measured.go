// Package measured has the test that both partners' clients share: that each of their calls is measured.
package measured

import (
	"context"
	"reflect"
	"testing"
	"time"
)

// Every calls all methods of some values that take a context, with arguments that are not empty. The partner must answer each with an
// error: it has to be measured once, under a name of its own, with the error that the caller gets. measure is where the client keeps
// whom it tells; least is how many methods there are at least.
func Every(t *testing.T, measure *func(op string, took time.Duration, err error), least int, values ...any) {
	t.Helper()
	type told struct {
		op   string
		took time.Duration
		err  error
	}
	var calls []told
	*measure = func(op string, took time.Duration, err error) { calls = append(calls, told{op, took, err}) }
	known := make(map[string]string) // op → method
	for _, value := range values {
		v := reflect.ValueOf(value)
		for i := range v.NumMethod() {
			name, method := v.Type().Method(i).Name, v.Method(i)
			if method.Type().NumIn() == 0 || method.Type().In(0) != reflect.TypeFor[context.Context]() {
				continue
			}
			args := []reflect.Value{reflect.ValueOf(t.Context())}
			for n := 1; n < method.Type().NumIn(); n++ {
				args = append(args, something(method.Type().In(n)))
			}
			calls = nil
			ask := method.Call
			if method.Type().IsVariadic() {
				ask = method.CallSlice
			}
			out := ask(args)
			err, _ := out[len(out)-1].Interface().(error)
			if len(calls) != 1 || calls[0].err != err || calls[0].took <= 0 || err == nil {
				t.Errorf("%s ends with %v and is measured as %+v, want it once with its error", name, err, calls)
				continue
			}
			if other := known[calls[0].op]; other != "" || calls[0].op == "" {
				t.Errorf("%s is measured as %q, as %q is", name, calls[0].op, other)
			}
			known[calls[0].op] = name
		}
	}
	if len(known) < least {
		t.Errorf("only %v were tried", known)
	}
}

// something is an argument that is not empty.
func something(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("1")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Slice:
		v.Set(reflect.Append(v, something(t.Elem())))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).Kind() == reflect.String {
				v.Field(i).SetString("1")
			}
		}
	}
	return v
}
