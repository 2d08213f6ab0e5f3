package apim

import (
	"strings"
	"time"
)

// Shown is what a reader sees of a revision: the revision itself, or what it
// was a moment ago.
type Shown interface {
	Name() string
	Tag() string
	Contract() *Properties
	JSON(Form) []byte
}

// Tag is the ETag.
func (r *Revision) Tag() string { return r.ETag }

// Contract are the properties, not to be changed.
func (r *Revision) Contract() *Properties { return &r.Properties }

// snapshot is a revision as it was before a write.
type snapshot struct {
	name, tag  string
	properties Properties
	forms      [4][]byte
}

func (s *snapshot) Name() string          { return s.name }
func (s *snapshot) Tag() string           { return s.tag }
func (s *snapshot) Contract() *Properties { return &s.properties }
func (s *snapshot) JSON(form Form) []byte { return s.forms[form] }

// memory is one write that some readers do not see yet.
type memory struct {
	at   time.Time
	name string    // lower case
	was  *snapshot // nil if there was nothing
}

// remember keeps what a name shows, ahead of a write. It does so only while
// readers are to be late.
func (s *Space) remember(name string) {
	late := s.cloud.late()
	if late == 0 {
		s.past = nil
		return
	}
	now := time.Now()
	for len(s.past) > 0 && now.Sub(s.past[0].at) > late {
		s.past = s.past[1:]
	}
	m := memory{at: now, name: strings.ToLower(name)}
	if r := s.Find(name); r != nil {
		m.name = strings.ToLower(r.Name())
		m.was = &snapshot{name: r.Name(), tag: r.ETag, properties: r.Properties}
		for form := range m.was.forms {
			m.was.forms[form] = r.JSON(Form(form))
		}
	}
	s.past = append(s.past, m)
}

func (c *Cloud) late() time.Duration {
	if c.rules.Late == nil {
		return 0
	}
	return c.rules.Late()
}

// hidden are the writes that readers do not see yet: by name, what they see
// instead; nil for nothing.
func (s *Space) hidden() map[string]*snapshot {
	if len(s.past) == 0 {
		return nil
	}
	late, now := s.cloud.late(), time.Now()
	var out map[string]*snapshot
	for _, m := range s.past {
		if now.Sub(m.at) >= late {
			continue
		}
		if out == nil {
			out = map[string]*snapshot{}
		}
		if _, first := out[m.name]; !first {
			out[m.name] = m.was
		}
	}
	return out
}

// Show is what a reader sees under a name; nil if it seems not to be there.
func (s *Space) Show(name string) Shown {
	if was, ok := s.hidden()[strings.ToLower(name)]; ok {
		if was == nil {
			return nil
		}
		return was
	}
	if r := s.Find(name); r != nil {
		return r
	}
	return nil
}

// ShowAll are the rows that a reader of the list sees, or nil when he sees them
// all as they are. What is deleted but still shown comes last.
func (s *Space) ShowAll() []Shown {
	hidden := s.hidden()
	if hidden == nil {
		return nil
	}
	out := make([]Shown, 0, len(s.rows))
	for _, r := range s.rows {
		key := strings.ToLower(r.Name())
		was, late := hidden[key]
		delete(hidden, key)
		switch {
		case !late:
			out = append(out, r)
		case was != nil:
			out = append(out, was)
		}
	}
	for _, m := range s.past {
		if was := hidden[m.name]; was != nil {
			out = append(out, was)
			delete(hidden, m.name)
		}
	}
	return out
}
