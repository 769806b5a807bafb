package playground_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestSignInFromAnotherOrigin signs in from a page of another site with
// docs/clients/session.js, and sends what Apollo Client and OpenTelemetry send.
func TestSignInFromAnotherOrigin(t *testing.T) {
	page := httptest.NewServer(http.FileServer(http.Dir("../../docs/clients")))
	t.Cleanup(page.Close)
	stranger := httptest.NewServer(http.FileServer(http.Dir("../../docs/clients")))
	t.Cleanup(stranger.Close)
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/origin.db", func(o *api.Options) { o.CORSOrigins = []string{page.URL} })
	a.Customer(t, "Seen from another origin")
	server := httptest.NewServer(a.Handler)
	t.Cleanup(server.Close)

	script := `(async () => {
		const { Session } = await import('/session.js');
		const session = new Session('` + server.URL + `/graphql');
		const steps = [];
		try {
			await session.signIn('` + apitest.Operator + `', 'wrong').catch((error) => steps.push(error.message + ' ' + error.cause?.code));
			await session.signIn('` + apitest.Operator + `', '` + apitest.Password + `');
			const answer = await fetch(session.url, {
				method: 'POST',
				headers: {
					'Content-Type': 'application/json', ...session.headers(),
					traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b', baggage: 'c=d',
					'apollographql-client-name': 'page', 'apollographql-client-version': '1', 'x-apollo-operation-name': 'Names',
				},
				body: JSON.stringify({ query: 'query Names { customers { nodes { name } } }' }),
			});
			const { data } = await answer.json();
			steps.push(data.customers.nodes[0].name, answer.headers.has('RateLimit') ? 'RateLimit' : 'no RateLimit');
			const token = session.headers();
			await session.signOut();
			const after = await fetch(session.url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...token }, body: '{"query":"{ viewer { login } }"}' });
			steps.push(after.status + ' ' + after.headers.get('WWW-Authenticate').split(' ')[0]);
		} catch (error) {
			steps.push(error.name);
		}
		return steps;
	})()`
	for _, c := range []struct {
		origin string
		want   []string
	}{
		{page.URL, []string{"Authentication failed UNAUTHENTICATED", "Seen from another origin", "RateLimit", "401 Bearer"}},
		{stranger.URL, []string{"Failed to fetch undefined", "TypeError"}},
	} {
		tab, seen := openFor(t, time.Minute)
		if err := chromedp.Do(tab, chromedp.Navigate(c.origin+"/forms.js")); err != nil {
			t.Fatalf("%v; the browser reported %q", err, seen.reported())
		}
		got, err := chromedp.Run(tab, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q; %v; the browser reported %q", c.origin, got, c.want, err, seen.reported())
		}
	}
}
