package arm

import "strings"

// Versions that some rule of the wire depends on.
const (
	Version20240315Preview = "2024-03-15-preview" // both spellings of a link's source
	VersionStable          = "2024-03-01"
)

// Versions lists the api-versions of the API Center provider that are served,
// the newest stable one first, since clients take the first that is no preview.
// Every resource answers on every one of them: clients mix them.
func Versions() []string {
	return []string{
		VersionStable, "2023-11-01",
		"2024-12-15-preview", "2024-12-01-preview", "2024-06-01-preview", Version20240315Preview, "2023-07-01-preview",
	}
}

// CheckVersion refuses an api-version that is missing or not served.
func CheckVersion(version string) *Error {
	switch strings.ToLower(version) {
	case VersionStable, "2023-11-01", "2024-12-15-preview", "2024-12-01-preview", "2024-06-01-preview",
		Version20240315Preview, "2023-07-01-preview":
		return nil
	case "":
		return Errorf(400, "MissingApiVersionParameter",
			"The api-version query parameter (?api-version=) is required for all requests; supported: %s.", strings.Join(Versions(), ", "))
	}
	return Errorf(400, "InvalidApiVersionParameter",
		"The api-version '%s' is not supported; supported: %s.", version, strings.Join(Versions(), ", "))
}
