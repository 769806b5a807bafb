package transfer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/secret"
)

// Remote is a running old server.
type Remote struct {
	base        *url.URL
	name        string
	password    secret.Text
	client      *http.Client
	concurrency int
	pause       time.Duration
}

// Limits of the memory for a server's answers.
const (
	// maxAnswer bounds the answer for one object, in bytes.
	maxAnswer = 32 << 20
	// maxToken bounds a text in a list, in bytes.
	maxToken = 1 << 20
	callTime = 2 * time.Minute
	listTime = time.Hour
)

// NewRemote returns the server at an address. It removes the name and the password from the address. It verifies
// certificates and follows no redirects.
func NewRemote(address, password string, concurrency int) (*Remote, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		// The parser's error contains the address, and with it the password.
		return nil, errors.New("the source is no URL of the form https://name:password@host/appserver/rest/")
	}
	r := &Remote{base: base, name: base.User.Username(), concurrency: concurrency, pause: time.Second}
	if given, ok := base.User.Password(); ok {
		password = given
	}
	r.password = secret.New(password)
	base.User, base.RawQuery, base.Fragment = nil, "", ""
	base.Path = strings.TrimSuffix(base.Path, "/")
	r.client = &http.Client{
		Transport: &http.Transport{
			MaxIdleConnsPerHost: concurrency, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: callTime, MaxResponseHeaderBytes: 1 << 16,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return r, nil
}

// Name returns the address without credentials.
func (r *Remote) Name() string { return r.base.String() }

// oldService is a service of the old API, as an import uses it.
type oldService struct {
	kind Kind
	name string
	// listed is the key of a guid in the answer of list, asked the parameter of a guid in getYAML.
	listed, asked string
}

func services() []oldService {
	return []oldService{
		{KindCloudUser, "cloud_api_clouduser", "guid", "clouduserguid"},
		{KindCloudUserGroup, "cloud_api_cloudusergroup", "cloudusergroupguid", "cloudusergroupguid"},
		{KindCustomer, "cloud_api_customer", "guid", "customerguid"},
		{KindCloudSpace, "cloud_api_cloudspace", "guid", "cloudspaceguid"},
	}
}

// Read lists the objects of each service, and requests each of them.
func (r *Remote) Read(ctx context.Context, give func(Item) error) error {
	for _, s := range services() {
		if err := r.objects(ctx, s, give); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (r *Remote) objects(ctx context.Context, s oldService, give func(Item) error) error {
	list, err := r.list(ctx, s)
	if errors.Is(err, errNoMethod) {
		return give(Item{Where: fmt.Sprintf("%s/%s/list", r.base, s.name), Err: errNoMethod})
	}
	if err != nil {
		return err
	}
	defer list.close()
	return r.fetchAll(ctx, s, list, give)
}

// guidFile stores the guids of a list, 16 bytes each, in an unnamed file.
type guidFile struct {
	file *os.File
	in   *bufio.Reader
}

func (g *guidFile) close() {
	_ = g.file.Close()
	_ = os.Remove(g.file.Name())
}

// next returns the next guid, io.EOF at the end.
func (g *guidFile) next() (id uuid.UUID, err error) {
	_, err = io.ReadFull(g.in, id[:])
	return id, err
}

// list requests a list, and requests it again if the answer breaks off.
func (r *Remote) list(ctx context.Context, s oldService) (*guidFile, error) {
	var found *guidFile
	err := r.retry(ctx, func(ctx context.Context) error {
		file, err := os.CreateTemp("", "cloudapi-import-*")
		if err != nil {
			return permanentError{fmt.Errorf("make a temporary file: %w", err)}
		}
		_ = os.Remove(file.Name())
		found = &guidFile{file: file}
		if err = r.listInto(ctx, s, file); err != nil {
			found.close()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	if _, err := found.file.Seek(0, io.SeekStart); err != nil {
		found.close()
		return nil, err
	}
	found.in = bufio.NewReader(found.file)
	return found, nil
}

func (r *Remote) listInto(ctx context.Context, s oldService, file io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	body, err := r.call(ctx, s.name, "list", nil)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	out := bufio.NewWriter(file)
	err = scan(body, s.listed, func(text string) error {
		id, err := uuid.Parse(text)
		if err != nil {
			return fmt.Errorf("the list has %.80q, which is no guid", text)
		}
		return binary.Write(out, binary.BigEndian, id)
	})
	return errors.Join(err, out.Flush())
}

// scan finds the texts of a key at any depth of a JSON text, in constant memory.
func scan(in io.Reader, key string, found func(string) error) error {
	limited := &limitedReader{in: in}
	d := json.NewDecoder(limited)
	var open []bool // for each open level, whether it is an object
	isKey, wanted := false, false
	for {
		limited.left = maxToken
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the answer breaks off or is no JSON: %w", err)
		}
		inObject := len(open) > 0 && open[len(open)-1]
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				if len(open) > 64 {
					return errors.New("the answer is too deep")
				}
				open = append(open, token == '{')
			} else {
				open = open[:len(open)-1]
			}
			isKey, wanted = len(open) > 0 && open[len(open)-1], false
			continue
		case string:
			if inObject && isKey {
				isKey, wanted = false, token == key
				continue
			}
			if wanted {
				if err := found(token); err != nil {
					return err
				}
			}
		}
		isKey, wanted = inObject, false
	}
}

// limitedReader is a reader that fails after a number of bytes.
type limitedReader struct {
	in   io.Reader
	left int
}

func (a *limitedReader) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errors.New("a text in the answer is too long")
	}
	n, err := a.in.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}

// object requests one object: in the Thrift form, which has all fields, or in YAML if that fails.
func (r *Remote) object(ctx context.Context, s oldService, id uuid.UUID) (Object, error) {
	text, err := r.text(ctx, s.name, "getObject", "rootobjectguid", id)
	if err == nil {
		var o Object
		if o, err = parseForm(s.kind, formThrift, text); err == nil {
			return o, checkID(o, id)
		}
	} else if !errors.Is(err, errNoMethod) {
		return nil, err
	}
	text, other := r.text(ctx, s.name, "getYAML", s.asked, id)
	if other != nil {
		return nil, fmt.Errorf("getObject: %w", errors.Join(err, other))
	}
	o, other := parseForm(s.kind, formYAML, text)
	if other != nil {
		return nil, fmt.Errorf("getObject: %w; getYAML: %w", err, other)
	}
	return o, checkID(o, id)
}

func checkID(o Object, id uuid.UUID) error {
	if got := o.head().GUID; got != id {
		return fmt.Errorf("the server answers with the object %s", got)
	}
	return nil
}

// text calls a method whose result is a text.
func (r *Remote) text(ctx context.Context, service, method, parameter string, id uuid.UUID) (text string, err error) {
	err = r.retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		body, err := r.call(ctx, service, method, url.Values{parameter: {id.String()}})
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }()
		all, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
		if err != nil {
			return err
		}
		if len(all) > maxAnswer {
			return permanentError{fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)}
		}
		var answer struct {
			Result *string `json:"result"`
		}
		if err := json.NewDecoder(bytes.NewReader(all)).Decode(&answer); err != nil || answer.Result == nil {
			return permanentError{errors.New("the answer has no result that is a text")}
		}
		text = *answer.Result
		return nil
	})
	return text, err
}
