package transfer

import (
	"errors"
	"fmt"

	"cloudapi/internal/service"
)

var errKind = errors.New("its type cannot be determined: name the file, or a directory above it, after its type (customer, clouduser, cloudusergroup or cloudspace)")

// parse parses a form. A panic of a parser is an error of the object and does not end the import.
func parse[T any](f form, text string, fromThrift, fromYAML, fromXML func(string) (T, error), convert func(T) Object) (o Object, err error) {
	read := map[form]func(string) (T, error){formThrift: fromThrift, formYAML: fromYAML, formXML: fromXML}[f]
	recovered := service.Recovered(func() error {
		v, err := read(text)
		if err == nil {
			o = convert(v)
		}
		return err
	})
	if _, panicked := errors.AsType[*service.PanicError](recovered); panicked {
		return nil, fmt.Errorf("not a valid %s text", f)
	}
	return o, recovered
}
