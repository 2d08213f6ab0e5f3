package client_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"apicenter/client"
	"apicenter/internal/diff"
	"apicenter/internal/engine"
	"apicenter/internal/inventory"
)

// TestNothingOfAnAnswerIsLost holds the types of the client against what the
// center writes its answers from: the CLI prints what the client read.
func TestNothingOfAnAnswerIsLost(t *testing.T) {
	for _, tt := range []struct{ written, read any }{
		{&engine.Preview{}, &client.Plan{}},
		{&inventory.RunError{}, &client.RunError{}},
		{&inventory.RunBreak{}, &client.Break{}},
		{&inventory.Compatibility{}, &client.Compatibility{}},
		{&inventory.Pause{}, &client.Pause{}},
		{&inventory.Gone{}, &client.Gone{}},
		{&inventory.Scope{}, &client.Scope{}},
		{&inventory.FieldOrigin{}, &client.FieldOrigin{}},
		{&inventory.Finding{}, &client.Finding{}},
		{&diff.Diff{}, &client.TextDiff{}},
	} {
		fill(reflect.ValueOf(tt.written).Elem())
		want, err := json.Marshal(tt.written)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(want, tt.read); err != nil {
			t.Errorf("%T: %v", tt.read, err)
			continue
		}
		got, err := json.Marshal(tt.read)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := members(t, want), members(t, got); !reflect.DeepEqual(a, b) {
			t.Errorf("%T makes\n%s of\n%s", tt.read, got, want)
		}
	}
}

// fill gives all that v has a value.
func fill(v reflect.Value) {
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
		return
	case *json.RawMessage:
		*at = json.RawMessage(`{"a":1}`)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	default:
		panic("what is " + v.Type().String() + " filled with?")
	}
}

func members(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
