package portal

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"apicenter/internal/access"
	"apicenter/internal/inventory"
)

// person asks Azure Resource Manager as the one who is signed in, through the
// pass-through that programs use too: what may be done is Azure's to say.
type person struct {
	through http.Handler
	ctx     context.Context //nolint:containedctx // of the one request that it serves
	token   string
}

// person is who asks, in Azure; Denied, with what to do, when he is not known there.
func (h *Handler) person(r *request) (person, error) {
	if h.azure == nil {
		return person{}, inventory.Errorf(inventory.Denied, "", "this server passes nothing on to Azure")
	}
	token, err := h.personalToken(r)
	return person{h.azure, r.Context(), token}, err
}

// known says whether who asks can be known in Azure, for what a page offers: as far
// as is known here, since nobody is asked.
func (h *Handler) known(r *request) bool {
	return h.azure != nil && h.personal.find(r.session, r.who.ID) != nil
}

const (
	authorizationVersion = "2022-04-01"
	maxAnswer            = 8 << 20 // bytes
	maxAnswers           = 20      // pages of a list
)

// answer collects what Azure answers, up to a size.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.body.Len()+len(b) > maxAnswer {
		return 0, errors.New("the answer is too large")
	}
	return a.body.Write(b)
}

// call sends a request with JSON in and out, either of which may be nil.
func (p person) call(method, path string, query url.Values, in, out any) (err error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	address := url.URL{Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(p.ctx, method, address.String(), body)
	if err != nil {
		return inventory.Errorf(inventory.Invalid, "", "%q is nothing that Azure can be asked for", path)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	a := &answer{header: http.Header{}}
	if err := p.pass(a, req); err != nil {
		return err
	}
	if a.status >= http.StatusBadRequest {
		return refusalOf(a)
	}
	if out == nil || a.body.Len() == 0 {
		return nil
	}
	if err := json.Unmarshal(a.body.Bytes(), out); err != nil {
		return inventory.Errorf(inventory.Unavailable, "", "Azure answers what cannot be read; try again")
	}
	return nil
}

// pass has the pass-through serve a request. It aborts by a panic what breaks off.
func (p person) pass(a *answer, req *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = inventory.Errorf(inventory.Unavailable, "", "the answer of Azure broke off; try again")
		default:
			panic(v)
		}
	}()
	p.through.ServeHTTP(a, req)
	return nil
}

// refusalOf is an error of Azure as one of ours.
func refusalOf(a *answer) error {
	var body struct {
		Error struct{ Code, Message string } `json:"error"`
	}
	_ = json.Unmarshal(a.body.Bytes(), &body) // without one, the status tells
	message := body.Error.Message
	if message == "" {
		message = fmt.Sprintf("it answers %d %s", a.status, http.StatusText(a.status))
	}
	code := map[int]inventory.Code{
		http.StatusBadRequest: inventory.Invalid, http.StatusUnauthorized: inventory.Denied, http.StatusForbidden: inventory.Denied,
		http.StatusNotFound: inventory.NotFound, http.StatusConflict: inventory.Conflict,
	}[a.status]
	if code == "" {
		code = inventory.Unavailable
	}
	return inventory.Errorf(code, body.Error.Code, "Azure says: %s", message)
}

// list reads a list to its end, or as far as a page shows.
func list[T any](p person, path string, query url.Values) (all []T, err error) {
	query.Set("api-version", authorizationVersion)
	for range maxAnswers {
		var page struct {
			Value    []T    `json:"value"`
			NextLink string `json:"nextLink"`
		}
		if err := p.call(http.MethodGet, path, query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Value...)
		next, err := url.Parse(page.NextLink)
		if page.NextLink == "" || err != nil {
			return all, nil
		}
		path, query = next.Path, next.Query()
	}
	return all, nil
}

// azureAssignment is a role assignment of Azure.
type azureAssignment struct {
	Name       string `json:"name"`
	Properties struct {
		RoleDefinitionID string `json:"roleDefinitionId"`
		PrincipalID      string `json:"principalId"`
		PrincipalType    string `json:"principalType"`
		Scope            string `json:"scope"`
	} `json:"properties"`
}

// azureRole is a role definition of Azure.
type azureRole struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Properties struct {
		RoleName    string `json:"roleName"`
		Description string `json:"description"`
	} `json:"properties"`
}

const authorization = "/providers/Microsoft.Authorization"

func (p person) assignments(scope string) ([]azureAssignment, error) {
	return list[azureAssignment](p, scope+authorization+"/roleAssignments", url.Values{"$filter": {"atScope()"}})
}

func (p person) roles(scope string) ([]azureRole, error) {
	all, err := list[azureRole](p, scope+authorization+"/roleDefinitions", url.Values{})
	slices.SortFunc(all, func(a, b azureRole) int { return strings.Compare(a.Properties.RoleName, b.Properties.RoleName) })
	return all, err
}

// mayAssign says whether the person may give roles at a scope, as far as Azure tells.
func (p person) mayAssign(scope string) bool {
	all, err := list[struct {
		Actions    []string `json:"actions"`
		NotActions []string `json:"notActions"`
	}](p, scope+authorization+"/permissions", url.Values{})
	if err != nil {
		return true // it is not told: the attempt will
	}
	return slices.ContainsFunc(all, func(p struct {
		Actions    []string `json:"actions"`
		NotActions []string `json:"notActions"`
	},
	) bool {
		return access.Role{Actions: p.Actions, NotActions: p.NotActions}.Allows(writeRoles)
	})
}

// assign gives a role at a scope. That it is given already is no error.
func (p person) assign(scope, role, principal, typ string) error {
	name, err := guid()
	if err != nil {
		return err
	}
	subscription := strings.Join(strings.SplitN(scope, "/", 4)[:3], "/")
	err = p.call(http.MethodPut, scope+authorization+"/roleAssignments/"+name, url.Values{"api-version": {authorizationVersion}}, map[string]any{
		"properties": map[string]string{
			"roleDefinitionId": subscription + authorization + "/roleDefinitions/" + role, "principalId": principal, "principalType": typ,
		},
	}, nil)
	if e := errorOf(err); e != nil && e.Target == "RoleAssignmentExists" {
		return nil
	}
	return err
}

// unassign ends an assignment at a scope.
func (p person) unassign(scope, name string) error {
	return p.call(http.MethodDelete, scope+authorization+"/roleAssignments/"+name, url.Values{"api-version": {authorizationVersion}}, nil, nil)
}

var guidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// guid is a name that nothing has yet.
func guid() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
