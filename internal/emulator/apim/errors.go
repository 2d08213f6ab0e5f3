package apim

import (
	"net/http"

	"apicenter/internal/emulator/wire"
)

// Invalid is the refusal of a request that breaks a rule of API Management.
func Invalid(format string, args ...any) *wire.Error {
	return wire.Errorf(http.StatusBadRequest, "ValidationError", format, args...)
}

// NotFound is the refusal to find a part of an instance: "API not found."
func NotFound(what string) *wire.Error {
	return wire.Errorf(http.StatusNotFound, "ResourceNotFound", "%s not found.", what)
}
