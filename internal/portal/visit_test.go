package portal

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"apicenter/internal/signin"
)

func TestVisitsAreSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, err := newVisits()
		if err != nil {
			t.Fatal(err)
		}
		others, err := newVisits()
		if err != nil {
			t.Fatal(err)
		}
		in := visit{Visit: signin.NewVisit("https://apis.example.com" + callback), Issuer: 1, To: Root + "/center", Ends: time.Now().Add(visitAge)}
		sealed, err := ours.seal(in)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := ours.open(sealed); err != nil || out.Visit != in.Visit || out.Issuer != 1 || out.To != in.To {
			t.Errorf("opened: %+v, %v", out, err)
		}
		turned := strings.NewReplacer("A", "B", "B", "A").Replace(sealed)
		for what, value := range map[string]string{"nothing": "", "no base64": "?", "another text": turned, "half of it": sealed[:len(sealed)/2]} {
			if _, err := ours.open(value); err == nil && value != sealed {
				t.Errorf("%s is taken", what)
			}
		}
		if _, err := others.open(sealed); err == nil {
			t.Error("another process takes it")
		}
		time.Sleep(visitAge + time.Second)
		if _, err := ours.open(sealed); err == nil {
			t.Error("one that is too old is taken")
		}
	})
}

func TestVisitsFitIntoACookie(t *testing.T) {
	v, err := newVisits()
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{Root + "?" + strings.Repeat("&", 1000), Root + "/" + strings.Repeat("x", 10_000)} {
		sealed, err := v.seal(visit{Visit: signin.NewVisit("https://apis.example.com" + callback), To: to})
		if err != nil || len(sealed) > 3000 {
			t.Errorf("a cookie of %d bytes, %v", len(sealed), err)
		}
	}
}
