package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"apicenter/client"
)

// key is a setting that a person can make once instead of each time.
type key struct{ name, flag, variable, means string }

// keys are the settings, in the order in which people think of them.
func keys() []key {
	return []key{
		{"server", "center", "APICENTER_SERVER", "address of the center"},
		{"ca", "ca-file", "APICENTER_CA_FILE", "file of the authority that signed its certificate"},
		{"subscription", "subscription", "APICENTER_SUBSCRIPTION", "subscription id of the service"},
		{"resource-group", "resource-group", "APICENTER_RESOURCE_GROUP", "resource group of the service"},
		{"service-name", "service-name", "APICENTER_SERVICE_NAME", "name of the service"},
		{"workspace", "workspace-name", "APICENTER_WORKSPACE", "workspace of the service"},
		{"output", "output", "APICENTER_OUTPUT", "how results are printed"},
	}
}

func keyNames() []string {
	var all []string
	for _, k := range keys() {
		all = append(all, k.name)
	}
	return all
}

// values are settings by key.
type values map[string]string

// check says what is wrong with a value.
func (k key) check(value string) error {
	switch k.name {
	case "server":
		_, err := client.New(value, client.Options{})
		return err
	case "output":
		return checkFormat(value)
	case "ca":
		_, err := authorities(value)
		return err
	}
	if value == "" || clean(value) != value {
		return fmt.Errorf("%q is no value", clean(value))
	}
	return nil
}

// profile is a person's settings for one center, and the sign-in there. Both
// are files that only their owner can read.
type profile struct{ dir, name string }

// profileName is what a profile may be called: it is the name of a file.
var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

const defaultProfile = "default"

// maxFile bounds what is read of a profile's files.
const maxFile = 1 << 20

func openProfile(s Streams, name string) (profile, error) {
	if !profileName.MatchString(name) {
		return profile{}, fmt.Errorf("a profile cannot be called %q: letters, digits, dots, dashes and underlines only", clean(name))
	}
	dir := s.env("APICENTER_CONFIG_DIR")
	if dir == "" {
		dir = s.ConfigDir
	}
	return profile{dir, name}, nil
}

func (p profile) settingsFile() string { return filepath.Join(p.dir, "profiles", p.name+".json") }

func (p profile) loginFile() string { return filepath.Join(p.dir, "logins", p.name+".json") }

// settings reads the settings; there may be none.
func (p profile) settings() (values, error) {
	v := values{}
	_, err := p.load(p.settingsFile(), &v)
	return v, err
}

// save writes the settings.
func (p profile) save(v values) error { return p.store(p.settingsFile(), v) }

// login reads the sign-in; nil when there is none.
func (p profile) login() (*login, error) {
	var l login
	there, err := p.load(p.loginFile(), &l)
	if err != nil || !there {
		return nil, err
	}
	return &l, nil
}

// keep writes the sign-in.
func (p profile) keep(l login) error { return p.store(p.loginFile(), l) }

// forget removes the sign-in, and tells whether there was one.
func (p profile) forget() (bool, error) {
	err := os.Remove(p.loginFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (p profile) load(name string, v any) (there bool, err error) {
	if p.dir == "" {
		return false, nil
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the profile: %w", err)
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxFile)).Decode(v); err != nil {
		return false, failed("mend it, or remove it", "read the profile: %s: %v", name, err)
	}
	return true, nil
}

// store replaces a file in one step, readable by its owner alone.
func (p profile) store(name string, v any) (err error) {
	if p.dir == "" {
		return failed("set APICENTER_CONFIG_DIR", "there is no place to keep settings")
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the profile: %w", err)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+p.name+"-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// source is one place that settings come from.
type source struct {
	name   string // as a person calls it
	values values
	token  string
	// Of a profile: what it is, and its sign-in if there is one.
	profile profile
	login   *login
}

// speaksOf tells whether what the source says of a center is said of this one.
func (s source) speaksOf(base string) bool {
	named := s.values["server"]
	return named == "" || named == base || sameOrigin(named, base)
}

func sameOrigin(a, b string) bool {
	x, err := client.New(a, client.Options{})
	if err != nil {
		return false
	}
	y, err := client.New(b, client.Options{})
	return err == nil && client.Origin(x.Address()) == client.Origin(y.Address())
}

// environment is what the variables say.
func environment(s Streams) source {
	from := source{name: "environment", values: values{}, token: strings.TrimSpace(s.env("APICENTER_TOKEN"))}
	for _, k := range keys() {
		if v := s.env(k.variable); v != "" {
			from.values[k.name] = v
		}
	}
	return from
}
