package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestGenericUpdate(t *testing.T) {
	const before = `{"id":"/x","name":"x","location":"here","tags":{"a":"1"},
		"properties":{"title":"T","contacts":[{"name":"Ann"},{"name":"Bo","email":"bo@x"}],"customProperties":{"n":1},"server":{"runtimeUri":["u1","u2"]}}}`
	for _, tt := range []struct {
		args string // separated by spaces; _ is a space
		want string // path=value of what differs, after a semicolon each
	}{
		{"--set title=New", "title=New"},
		{"--set properties.title=New", "title=New"},
		{"--set title=New_title summary=S", "title=New title;summary=S"},
		{"--set title=a=b", "title=a=b"},
		{"--set customProperties.n=2", "customProperties.n=2"},
		{"--set customProperties.deep.er=true", `customProperties={"deep":{"er":true},"n":1}`},
		{"--set customProperties.n=2 --force-string", `customProperties={"n":"2"}`},
		{"--set customProperties={a:b}", `customProperties={"a":"b"}`},
		{"--set contacts[0].name=Cy", `contacts=[{"name":"Cy"},{"email":"bo@x","name":"Bo"}]`},
		{"--set contacts[2].name=Cy", `contacts=[{"name":"Ann"},{"email":"bo@x","name":"Bo"},{"name":"Cy"}]`},
		{"--set contacts[name=Bo].email=b@y", `contacts=[{"name":"Ann"},{"email":"b@y","name":"Bo"}]`},
		{"--set tags.b=2 location=there", `tags={"a":"1","b":2};location=there`},
		{"--set title=null", "title="},
		{"--add contacts name=Cy email=cy@x", `contacts=[{"name":"Ann"},{"email":"bo@x","name":"Bo"},{"email":"cy@x","name":"Cy"}]`},
		{`--add contacts {"name":"Cy"} {name:Di}`, `contacts=[{"name":"Ann"},{"email":"bo@x","name":"Bo"},{"name":"Cy"},{"name":"Di"}]`},
		{"--add server.runtimeUri u3", `server.runtimeUri=["u1","u2","u3"]`},
		{"--add externalDocumentation url=u", `externalDocumentation=[{"url":"u"}]`},
		{"--remove contacts 0", `contacts=[{"email":"bo@x","name":"Bo"}]`},
		{"--remove contacts[1].email", `contacts=[{"name":"Ann"},{"name":"Bo"}]`},
		{"--remove customProperties.n", "customProperties={}"},
		{"--remove contacts 0 --add contacts name=Z --set contacts[1].name=Y", `contacts=[{"email":"bo@x","name":"Bo"},{"name":"Y"}]`},

		{"--set id=x", "! cannot be changed"},
		{"--set properties=x", "! name one of the properties"},
		{"--set title", "! is not PATH=VALUE"},
		{"--set .a=b", "! is not a path"},
		{"--set contacts[x].name=b", "! neither a number nor name=value"},
		{"--set contacts[=Ann].name=b", "! neither a number nor name=value"},
		{"--set contacts[9].name=b", "! only 2 items"},
		{"--set contacts[name=Zed].email=b", "! no item whose name"},
		{"--set title[0]=b", "! no list"},
		{"--set title.a=b", "! no object"},
		{"--set a={b", "! missing before"},
		{"--add title x", "! is no list"},
		{"--add contacts", "! want PATH VALUE"},
		{"--remove summary", "! there is no summary"},
		{"--remove contacts 7", "! only 2 items"},
		{"--remove contacts x", "! not the number"},
		{"--remove contacts 1 2", "! want PATH [INDEX]"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			v, err := parseJSON(before)
			if err != nil {
				t.Fatal(err)
			}
			o := object(v.(map[string]any))
			cmd := leaf(&cobra.Command{Use: "update"}, nil)
			var g generic
			g.flags(cmd)
			words := strings.Fields(tt.args)
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], "_", " ")
			}
			if err := cmd.ParseFlags(spread(cmd, words)); err != nil {
				t.Fatal(err)
			}
			err = g.apply(cmd, o)
			if says, fails := strings.CutPrefix(tt.want, "! "); fails {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("error %v, want %q", err, says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for pair := range strings.SplitSeq(tt.want, ";") {
				at, value, _ := strings.Cut(pair, "=")
				if got := o.flat().text(at); got != value {
					t.Errorf("%s is %s, want %s", at, got, value)
				}
			}
		})
	}
}

// A value that is set is what is read at its path, wherever that leads.
func FuzzSet(f *testing.F) {
	for _, seed := range []string{"title", "properties.a.b", "contacts[0].name", "a[0][0]", "tags.x", "a[b=c]", "]", "a..b", "id"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, at string) {
		o := object{"properties": map[string]any{}}
		if err := o.set(at, "v"); err != nil {
			return
		}
		p, err := parsePath(at)
		if err != nil {
			t.Fatalf("%q was set, but: %v", at, err)
		}
		if p, err = p.inResource(); err != nil {
			t.Fatalf("%q was set, but: %v", at, err)
		}
		if _, err := p.replace(o, func(v any) (any, error) {
			if v != "v" {
				t.Errorf("%q is %v", at, v)
			}
			return v, nil
		}); err != nil {
			t.Errorf("%q was set, but: %v", at, err)
		}
	})
}
