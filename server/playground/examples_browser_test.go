package playground_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/playground"
)

// demo is a server with demo data, and its address with credentials.
func demo(t *testing.T, with ...func(*api.Options)) (server *httptest.Server, address string) {
	t.Helper()
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/demo.db", append(with, func(o *api.Options) { o.Demo = true })...)
	a.Customer(t, "A customer of the demo")
	account := a.Query(apitest.Administrator, `{ portalAccounts(where: { username: "portal" }) { nodes { id } } }`, nil)
	id := regexp.MustCompile(`[0-9a-f-]{36}`).FindString(account.Body)
	a.Query(apitest.Administrator, `mutation { setPortalAccountPassword(input: { portalAccountId: "`+id+`", password: "portal-demo" }) { job { id } } }`, nil)
	server = httptest.NewServer(a.Handler)
	t.Cleanup(server.Close)
	own, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	own.User = url.UserPassword(apitest.Administrator, apitest.Password)
	return server, own.String()
}

// play clicks tabs of the page, each given as [group, number], and returns those
// that did not succeed with what they showed.
const play = `(async (order) => {
	const until = async (found) => {
		for (let i = 0; i < 1200; i++) {
			const value = found();
			if (value) return value;
			await new Promise((resolve) => setTimeout(resolve, 25));
		}
		throw new Error('nothing happened: ' + found + ' in ' + current);
	};
	const failed = [];
	let current = '';
	for (const [group, number, title] of order) {
		if (group !== current) {
			current = group;
			document.querySelector('[data-group=' + group + ']').click();
			await until(() => document.querySelector('[data-group=' + group + '][aria-pressed=true]'));
		}
		const tab = await until(() => document.querySelectorAll('.graphiql-tab-button')[number]);
		// The tab that is shown first must work without a click on it.
		if (!tab.closest('.graphiql-tab').classList.contains('graphiql-tab-active')) tab.click();
		await until(() => tab.closest('.graphiql-tab').classList.contains('graphiql-tab-active'));
		const button = () => document.querySelector('button.graphiql-execute-button');
		await until(() => button()?.getAttribute('aria-label').startsWith('Execute'));
		button().click();
		const shown = () => document.querySelector('.result-window').textContent;
		if (title.endsWith('Live')) {
			// Something must happen for a subscription to show it.
			const timer = setInterval(() => new Client().graphql({ query: 'mutation { createCustomer(input: { name: "Live" }) { job { id } } }' }), 500);
			await until(() => shown().includes('"data"') || shown().includes('"errors"'));
			clearInterval(timer);
			if (button().getAttribute('aria-label').startsWith('Stop')) button().click();
		}
		await until(() => button()?.getAttribute('aria-label').startsWith('Execute') && shown().includes('"'));
		if (shown().includes('"errors"')) failed.push(title + ': ' + shown());
	}
	return failed;
})(%s)`

// TestEachTabSucceedsInAnyOrderAndTwice plays every example in a real browser, in
// their order and then at random.
func TestEachTabSucceedsInAnyOrderAndTwice(t *testing.T) {
	examples, err := playground.Examples()
	if err != nil {
		t.Fatal(err)
	}
	var order [][3]any
	numbers := map[string]int{}
	for _, e := range examples {
		order = append(order, [3]any{e.Group, numbers[e.Group], e.Title})
		numbers[e.Group]++
	}
	_, address := demo(t)
	tab, seen := openFor(t, 4*time.Minute)
	if err := chromedp.Do(tab, chromedp.EmulateViewport(1500, 1000), chromedp.Navigate(address+playground.Prefix),
		chromedp.WaitVisible(chromedp.CSS("button.graphiql-execute-button"))); err != nil {
		t.Fatalf("%v; the browser reported %q", err, seen.reported())
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, shuffled := range []bool{false, true} {
		if shuffled {
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		sent, err := json.Marshal(order)
		if err != nil {
			t.Fatal(err)
		}
		failed, err := chromedp.Run(tab, chromedp.Evaluate[[]string](fmt.Sprintf(play, sent), chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("%v; the browser reported %q", err, seen.reported())
		}
		for _, what := range failed {
			t.Error(what)
		}
	}
}

// TestEachOldURLSucceeds calls every old URL of the page in a real browser.
func TestEachOldURLSucceeds(t *testing.T) {
	_, address := demo(t)
	tab, seen := open(t)
	if err := chromedp.Do(tab, chromedp.Navigate(address+playground.Prefix),
		chromedp.Click(chromedp.CSS("[data-group=urls]"), chromedp.NodeVisible),
		chromedp.WaitVisible(chromedp.CSS(".old-urls form"))); err != nil {
		t.Fatalf("%v; the browser reported %q", err, seen.reported())
	}
	answers, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`(async () => {
		const answers = [];
		for (const form of document.querySelectorAll('.old-urls form')) {
			form.querySelector('button[type=submit]').click();
			while (!form.querySelector('pre')) await new Promise((resolve) => setTimeout(resolve, 25));
			answers.push(form.querySelector('h2').textContent + ': ' + form.querySelector('pre').textContent);
		}
		return answers;
	})()`, chromedp.EvalAwaitPromise))
	if err != nil || len(answers) < 20 {
		t.Fatalf("%d answers, %v; the browser reported %q", len(answers), err, seen.reported())
	}
	for _, answer := range answers {
		if !strings.Contains(answer, ": 200 ") {
			t.Error(answer)
		}
	}
}

// TestSecretsAreNotStored types a password and looks for it in the browser's
// storage.
func TestSecretsAreNotStored(t *testing.T) {
	_, address := demo(t)
	tab, seen := open(t)
	if err := chromedp.Do(tab, chromedp.Navigate(address+playground.Prefix),
		chromedp.WaitVisible(chromedp.CSS("button.graphiql-execute-button"))); err != nil {
		t.Fatalf("%v; the browser reported %q", err, seen.reported())
	}
	stored, err := chromedp.Run(tab, chromedp.Evaluate[string](`(() => {
		const storage = new SafeStorage(['password', 'newPassword'], [{ variables: '{"password": "portal-demo"}' }]);
		storage.setItem('graphiql:queries', JSON.stringify({ queries: [
			{ query: 'mutation { a(password: "hidden1 \\" hidden2", b: "kept1") }', variables: '{"input": {"password": "hidden3", "name": "kept2"}}', headers: null },
			{ query: '{ x(newPassword: """hidden4""")', variables: '{"newPassword": "hidden5' },
			{ query: 'kept3', variables: '{"password": "portal-demo"}' },
		] }));
		storage.setItem('graphiql:headers', '{"Authorization": "hidden6"}');
		storage.setItem('graphiql:query', '{ hidden7 }');
		storage.setItem('graphiql:tabState', '{ "hidden8": 1 }');
		return Object.values(localStorage).join();
	})()`))
	if err != nil {
		t.Fatalf("%v; the browser reported %q", err, seen.reported())
	}
	if strings.Contains(stored, "hidden") {
		t.Errorf("a secret is stored: %s", stored)
	}
	for _, kept := range []string{"kept1", "kept2", "kept3", "portal-demo"} {
		if !strings.Contains(stored, kept) {
			t.Errorf("%s is not stored: %s", kept, stored)
		}
	}
}

// TestCancelledSignInIsAForm opens the page without credentials, and signs in by
// the form.
func TestCancelledSignInIsAForm(t *testing.T) {
	server, _ := demo(t)
	tab, seen := openFor(t, time.Minute, cancelPrompt)
	err := chromedp.Do(tab, chromedp.Navigate(server.URL+playground.Prefix),
		chromedp.SendKeys(chromedp.CSS("input[name=login]"), apitest.Operator),
		chromedp.SendKeys(chromedp.CSS("input[name=password]"), "wrong"),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.WaitVisible(chromedp.CSS(".problem")),
		chromedp.SendKeys(chromedp.CSS("input[name=password]"), "\b\b\b\b\b"+apitest.Password),
		chromedp.Click(chromedp.CSS("button[type=submit]")),
		chromedp.Poll[chromedp.Void](`document.querySelector('.viewer')?.textContent.includes("`+apitest.Operator+`")`),
		chromedp.Click(chromedp.CSS("button.graphiql-execute-button"), chromedp.NodeVisible),
		chromedp.Poll[chromedp.Void](`document.querySelector('.result-window')?.textContent.includes("A customer of the demo")`))
	if err != nil {
		t.Fatalf("%v; the browser reported %q", err, seen.reported())
	}
}
