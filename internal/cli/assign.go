package cli

import (
	"context"
	"crypto/sha1" // what names of version 5 are made of
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// The role that a center needs to read an instance.
const (
	instanceReader   = "API Management Service Reader Role"
	instanceReaderID = "71522526-b88f-4d52-b57f-d31fc3546d0d"
)

// assignRole gives the identity that will read a source the reader role on its
// instance. The center forwards the request: it is made, or refused, by the
// caller's own right. Doing it twice does no harm.
func (s *session) assignRole(ctx context.Context, source, identity string) error {
	scope := source
	if parts := strings.Split(source, "/"); len(parts) > 9 {
		scope = strings.Join(parts[:9], "/") // a workspace cannot be read without its instance
	}
	principal, err := s.principal(ctx, identity)
	if err != nil {
		return err
	}
	_, err = s.do(ctx, call{
		method: http.MethodPut, version: "2022-04-01",
		path: scope + "/providers/Microsoft.Authorization/roleAssignments/" + assignmentName(scope, principal),
		body: object{"properties": object{
			"roleDefinitionId": "/subscriptions/" + strings.Split(scope, "/")[2] + "/providers/Microsoft.Authorization/roleDefinitions/" + instanceReaderID,
			"principalId":      principal, "principalType": "ServicePrincipal",
		}},
	})
	if a, ok := errors.AsType[*apiError](err); ok && a.Status == http.StatusConflict {
		return nil // it is there already
	}
	if err != nil {
		return &failure{
			exit: ExitCode(err), cause: err, message: fmt.Sprintf("the role was not assigned, and nothing was linked: %v", err),
			hint: fmt.Sprintf("have somebody who may assign it run this, then link without --assign-role:\n    "+
				"az role assignment create --assignee-object-id %s --assignee-principal-type ServicePrincipal --role %q --scope %q", principal, instanceReader, scope),
		}
	}
	return nil
}

// principal is the object id of an identity of the service, or with "" of the
// system-assigned one. A service that lacks the identity is given it.
func (s *session) principal(ctx context.Context, identity string) (string, error) {
	o, err := s.get(ctx, s.service.path(), stable)
	if err != nil {
		return "", err
	}
	if id := principalOf(o, identity); id != "" {
		return id, nil
	}
	a, err := s.do(ctx, call{
		method: http.MethodPatch, path: s.service.path(), version: stable, body: object{"identity": withIdentity(o, identity)},
	})
	if err != nil {
		return "", fmt.Errorf("switch on the identity of the service: %w", err)
	}
	if o, err = a.object(); err != nil {
		return "", err
	}
	if id := principalOf(o, identity); id != "" {
		return id, nil
	}
	return "", failed("give the center's host a managed identity, or say with --msi-resource-id which of its identities to use",
		"the center does not know who reads, so nobody can be given a role, and nothing was linked")
}

// principalOf finds the object id of an identity in a service.
func principalOf(service object, identity string) string {
	if identity == "" {
		return service.text("identity.principalId")
	}
	for name, value := range assignedOf(service) {
		if v, ok := value.(map[string]any); ok && strings.EqualFold(name, identity) {
			return object(v).text("principalId")
		}
	}
	return ""
}

func assignedOf(service object) map[string]any {
	of, _ := service["identity"].(map[string]any)
	assigned, _ := of["userAssignedIdentities"].(map[string]any)
	return assigned
}

// withIdentity is the identity of a service with one more switched on.
func withIdentity(service object, identity string) object {
	assigned := object{}
	for name := range assignedOf(service) {
		assigned[name] = object{}
	}
	system := identity == "" || strings.Contains(service.text("identity.type"), "SystemAssigned")
	if identity != "" {
		assigned[identity] = object{}
	}
	switch {
	case len(assigned) == 0:
		return object{"type": "SystemAssigned"}
	case system:
		return object{"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": assigned}
	default:
		return object{"type": "UserAssigned", "userAssignedIdentities": assigned}
	}
}

// assignmentName is a UUID of version 5 that follows from who gets the role where,
// so that doing it again finds the assignment.
func assignmentName(scope, principal string) string {
	space := [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8} // of URLs
	b := sha1.Sum(append(space[:], strings.ToLower(scope+"|"+principal+"|"+instanceReaderID)...))
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
