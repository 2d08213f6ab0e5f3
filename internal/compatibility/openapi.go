package compatibility

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"apicenter/internal/inventory"
	"apicenter/internal/specification"
)

func openAPI(old, new []byte) ([]inventory.Reason, error) {
	was, err := loadOpenAPI(old)
	if err != nil {
		return nil, fmt.Errorf("the last document cannot be read: %w", err)
	}
	is, err := loadOpenAPI(new)
	if err != nil {
		return nil, fmt.Errorf("the new document cannot be read: %w", err)
	}
	differences, operations, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), was, is)
	if err != nil {
		return nil, err
	}
	rules := checker.NewConfig(checker.GetAllChecks())
	localize := checker.NewDefaultLocalizer()
	var reasons []inventory.Reason
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(rules, differences, operations, checker.INFO) {
		reasons = append(reasons, inventory.Reason{
			ID: c.GetId(), Text: c.GetUncolorizedText(localize), Operation: c.GetOperation(), Path: c.GetPath(),
			Breaking: c.GetLevel() >= checker.ERR,
		})
	}
	// The library tells lists that have something twice from themselves.
	if len(reasons) == 0 && !differences.Empty() && !reflect.DeepEqual(was.Spec, is.Spec) {
		reasons = []inventory.Reason{{ID: "other", Text: "something changed that calls do not notice"}}
	}
	return reasons, nil
}

// loadOpenAPI reads a document, and nothing that it refers to outside of it.
func loadOpenAPI(data []byte) (*load.SpecInfo, error) {
	loader := openapi3.NewLoader() // refuses references to other documents
	if strings.HasPrefix(specification.Sniff(data).Version, "2") {
		spec, err := loadSwagger(loader, data)
		return &load.SpecInfo{Spec: spec}, err
	}
	info, err := load.NewSpecInfoFromData(loader, data, "")
	if load.IsExternalRefDisallowed(err) {
		return nil, errors.New("it refers to other documents")
	}
	return info, err
}

// loadSwagger reads a document of version 2 as one of version 3.
func loadSwagger(loader *openapi3.Loader, data []byte) (*openapi3.T, error) {
	var spec openapi2.T
	if err := json.Unmarshal(data, &spec); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3WithLoader(&spec, loader, nil)
}
