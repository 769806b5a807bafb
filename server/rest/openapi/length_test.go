package openapi_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestLengths: a text that is longer than described is rejected, with the parameter and the length.
func TestLengths(t *testing.T) {
	a := apitest.New(t, "sqlite://:memory:")
	loadLines(t, a, func(out *strings.Builder) { out.WriteString(world) })
	described := 0
	for path, item := range description(t).Paths {
		for _, p := range item.Get.Parameters {
			if p.Schema.MaxLength == 0 {
				continue
			}
			described++
			form := url.Values{p.Name: {strings.Repeat("ä", p.Schema.MaxLength+1)}}
			for _, other := range item.Get.Parameters {
				if other.Required && other.Name != p.Name {
					form.Set(other.Name, other.sample(t, a))
				}
			}
			r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(apitest.Administrator, apitest.Password)
			w := httptest.NewRecorder()
			a.Handler.ServeHTTP(w, r)
			var answer struct{ Exception string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if w.Code != 400 || !strings.Contains(answer.Exception, p.Name) || !strings.Contains(answer.Exception, strconv.Itoa(p.Schema.MaxLength)) {
				t.Errorf("%s: %s of %d characters: %d %s", path, p.Name, p.Schema.MaxLength+1, w.Code, answer.Exception)
			}
		}
	}
	if described < 20 {
		t.Errorf("only %d parameters have a length", described)
	}
}

// sample returns a valid value of a parameter.
func (p parameter) sample(t *testing.T, a *apitest.API) string {
	switch p.Name {
	case "clouduserguid":
		return a.UserID(t, apitest.Member).String()
	case "currentpassword":
		return apitest.Password
	}
	for _, f := range forms() {
		if p.Name == f.parameter {
			return f.guid
		}
	}
	switch {
	case p.Schema.Format == "uuid":
		return "22544b07-4129-47b1-8690-b92c0db21434"
	case p.Schema.Type == "integer":
		return "1"
	case p.Name == "domain":
		return "example.com"
	case p.Name == "capacityunittype":
		return "CU"
	case p.Name == "status":
		return "DISABLED"
	}
	return "a sample of a text"
}
