package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"apicenter/internal/access"
)

// serviceReader is the role that reads documents too, which Reader does not.
const serviceReader = "6cba8790-29c5-48e5-bab1-c7541b01cb04"

func TestDocumentsAreOfferedToWhoMayReadThem(t *testing.T) {
	d := newDesk(t)
	d.document()
	d.define(workspace+"/apis/orders/versions/one/definitions/second", "openapi", petsDocument)
	d.define(workspace+"/apis/orders/versions/one/definitions/second", "openapi", strings.ReplaceAll(petsDocument, "Pets", "Cats"))
	then := "?at=" + url.QueryEscape(d.store.Now().UTC().Format(time.RFC3339Nano))
	document, compare := ordersPage+"/versions/one/definitions/openapi/document", ordersPage+"/compare"
	offers := map[string][]string{ // by page
		ordersPage:               {document},
		ordersPage + "/versions": {document, compare},
		ordersPage + "/history":  {compare},
		activityPage:             {compare},
		ordersPage + then:        {document, compare},
	}
	refused := d.signedIn(d.key("reader", access.ReaderID))
	for page, all := range offers {
		d.signedIn(d.key("service reader", serviceReader)).shows(page, http.StatusOK, all...)
		body := refused.shows(page, http.StatusOK)
		for _, address := range all {
			if strings.Contains(body, address) {
				t.Errorf("%s offers %s to who is refused there", page, address)
			}
		}
	}

	d.openToAll() // which is to say as it is
	for page, all := range offers {
		body := refused.shows(page, http.StatusOK)
		for _, address := range all {
			if shows := strings.Contains(body, address); shows != (page == ordersPage || strings.HasSuffix(page, "/versions")) {
				t.Errorf("%s of an open center offers %s: %t", page, address, shows)
			}
		}
	}
}
