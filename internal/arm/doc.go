// Package arm holds Azure's wire vocabulary: resource paths, api-versions, and
// the envelopes of errors and pages. It knows how Azure writes things down, not
// what they mean here: the inventory's nouns are mapped to it by the surfaces.
package arm
