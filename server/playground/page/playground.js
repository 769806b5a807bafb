'use strict';

const { createElement: h, useEffect, useState } = React;

const groupNames = { read: 'Read', change: 'Change', users: 'Users', live: 'Live', urls: 'Old URLs' };

// SignIn is the form for a login or a bearer token. `done` is called after it.
function SignIn({ client, reason, done }) {
  const [problem, setProblem] = useState(reason ?? '');
  const submit = async (event) => {
    event.preventDefault();
    const { login, password, token } = Object.fromEntries(new FormData(event.target));
    client.signInWithToken(token.trim());
    if (!token) {
      // The answer to a wrong password has no challenge for the browser: the
      // mutation needs no credentials.
      const answer = await fetch(`${location.origin}/graphql`, {
        method: 'POST',
        credentials: 'omit',
        headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
        body: JSON.stringify({
          query: 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }',
          variables: { input: { login, password } },
        }),
      }).then((response) => response.json()).catch((error) => ({ errors: [error] }));
      if (!answer.data?.signIn) {
        setProblem(answer.errors?.[0]?.message ?? 'The sign-in failed.');
        return;
      }
      client.signInWithToken(answer.data.signIn.token);
    }
    const problemOfToken = await done();
    if (problemOfToken) setProblem(problemOfToken);
  };
  const field = (label, name, type) => h('label', null, label,
    h('input', { name, type, autoComplete: 'off', spellCheck: false }));
  return h('form', { className: 'sign-in', onSubmit: submit },
    h('h1', null, 'Sign in to the Customer API'),
    problem && h('p', { className: 'problem', role: 'alert' }, problem),
    field('Login', 'login', 'text'),
    field('Password', 'password', 'password'),
    h('p', null, 'or'),
    field('Bearer token (a session, a personal access token, or a token of your OpenID Connect issuer)', 'token', 'password'),
    h('button', { type: 'submit' }, 'Sign in'));
}

// EditorTools are the buttons of the editor's toolbar that are ours.
function EditorTools({ examples }) {
  const { queryEditor, variableEditor, tabs, activeTabIndex } = GraphiQL.React.useEditorContext({ nonNull: true });
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    const variables = variableEditor.getValue().trim();
    await navigator.clipboard.writeText(curl('/graphql', {
      query: queryEditor.getValue(),
      ...(variables ? { variables: JSON.parse(variables) } : {}),
    }));
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  const old = examples.find(({ query, url }) => url && query.includes(` ${tabs[activeTabIndex]?.operationName}`));
  return h(React.Fragment, null,
    h(GraphiQL.React.ToolbarButton, { label: copied ? 'Copied' : 'Copy as curl', onClick: copy },
      h('span', { className: 'tool' }, 'curl')),
    old && h(GraphiQL.React.ToolbarButton, {
      label: `Copy the old URL that does the same: ${old.url.split('?')[0]}`,
      onClick: () => navigator.clipboard.writeText(curl(old.url)),
    }, h('span', { className: 'tool' }, 'old')));
}

// Editor is GraphiQL with the examples of one group.
function Editor({ client, start, group, explain }) {
  // The editor begins anew when its storage or its tabs change.
  const [{ examples, prepared, storage, tabs }] = useState(() => {
    const ofGroup = start.examples.filter((example) => example.group === group);
    return {
      examples: ofGroup,
      prepared: new Examples(client, start.examples),
      storage: new SafeStorage(start.secrets, start.examples),
      tabs: ofGroup.map(({ query, variables }) => ({ query, variables })),
    };
  });
  const fetcher = async (given) => {
    // The editor's own idea of the operation is out of date after a quick change
    // of tabs.
    const operations = [...given.query.matchAll(/^\s*(query|mutation|subscription)\s+(\w+)/gm)];
    const request = operations.length === 1 ? { ...given, operationName: operations[0][2] } : given;
    const isSubscription = operations.some(([, kind, name]) => kind === 'subscription' && name === request.operationName)
      || /^\s*subscription\b/.test(request.query);
    if (isSubscription) {
      const { request: filled, failed } = await prepared.prepare(request);
      return failed ?? client.subscribe(filled);
    }
    if (request.operationName === 'IntrospectionQuery') {
      const answer = await client.graphql(request);
      if (answer.errors) explain(`The server refuses introspection, so documentation and completion are off: ${answer.errors[0].message}`);
      return answer;
    }
    const { request: filled, token, failed } = await prepared.prepare(request);
    const answer = failed ?? await client.graphql(filled, token);
    if (answer.errors?.some(({ extensions }) => /PERSISTED|TRUSTED/.test(extensions?.code ?? '') || /trusted|registered document/i.test(answer.errors[0].message))) {
      explain(`The server takes trusted documents only, so most of what you type here is refused: ${answer.errors[0].message}`);
    }
    return answer;
  };
  return h(GraphiQL, {
    fetcher,
    storage,
    defaultTabs: tabs,
    // GraphiQL fills in the query of the first tab, but not its variables.
    variables: tabs[0]?.variables ?? '',
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
    children: h(GraphiQL.Toolbar, null, ({ prettify, merge, copy }) => h(React.Fragment, null,
      prettify, merge, copy, h(EditorTools, { examples }))),
  });
}

// OldURLs lists the old URLs of the examples, each with a button that calls it.
function OldURLs({ client, start }) {
  const prepared = new Examples(client, start.examples);
  const [answers, setAnswers] = useState({});
  const withURL = start.examples.filter(({ url }) => url);
  const call = async (example, url) => {
    const { text, failed } = await prepared.fill(example, url);
    if (failed) {
      setAnswers({ ...answers, [example.title]: JSON.stringify(failed, null, 2) });
      return;
    }
    const answer = await client.fetch(text, { method: example.query.includes('mutation ') ? 'POST' : 'GET' });
    setAnswers({ ...answers, [example.title]: `${answer.status} ${answer.statusText}\n${await answer.text()}` });
  };
  return h('div', { className: 'old-urls' },
    h('p', null, 'The old REST API. Each URL does the same as the GraphQL example of the same name.'),
    withURL.map((example) => h('form', {
      key: example.title,
      onSubmit: (event) => {
        event.preventDefault();
        call(example, event.target.elements.url.value);
      },
    },
    h('h2', null, example.title),
    h('div', { className: 'line' },
      h('input', { name: 'url', defaultValue: example.url, 'aria-label': `URL of ${example.title}`, spellCheck: false }),
      h('button', { type: 'submit' }, 'Call'),
      h('button', { type: 'button', onClick: () => navigator.clipboard.writeText(curl(example.url)) }, 'Copy as curl')),
    answers[example.title] && h('pre', { 'data-answer': example.title }, answers[example.title]))));
}

function Page({ client, signedOut }) {
  const [start, setStart] = useState(null);
  const [viewer, setViewer] = useState(null);
  const [asking, setAsking] = useState(signedOut);
  const [group, setGroup] = useState('read');
  const [notices, setNotices] = useState([]);
  const explain = (text) => setNotices((all) => all.includes(text) ? all : [...all, text]);
  // enter loads the page for the signed-in user; it returns what is wrong.
  const enter = async () => {
    const answer = await client.graphql({ query: '{ viewer { login role } }' }).catch((error) => ({ errors: [error] }));
    if (answer.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED' || answer.data?.viewer === null) {
      client.signOut();
      return answer.errors?.[0]?.message ?? 'The credentials are not valid.';
    }
    setViewer(answer.data?.viewer ?? { login: 'signed in', role: '' });
    setStart(await client.fetch('/playground/start.json').then((response) => response.json()));
    setAsking(false);
    return '';
  };
  useEffect(() => {
    if (!signedOut) enter().then((problem) => problem && setAsking(true));
  }, []);
  if (asking) return h(SignIn, { client, done: enter });
  if (!start) return 'Loading…';
  const signOut = async () => {
    if (client.hasToken) await client.graphql({ query: 'mutation { signOut(input: {}) { ended } }' }).catch(() => {});
    client.signOut();
    setStart(null);
    setAsking(true);
  };
  const groups = Object.keys(groupNames).filter((name) => name === 'urls' || start.examples.some((e) => e.group === name));
  return h(React.Fragment, null,
    h('header', null,
      h('nav', { 'aria-label': 'Groups of examples' }, groups.map((name) => h('button', {
        key: name, 'aria-pressed': name === group, onClick: () => setGroup(name), 'data-group': name,
      }, groupNames[name]))),
      h('div', { className: 'account' },
        h('span', { className: 'viewer' }, `${viewer.login} ${viewer.role && `(${viewer.role})`}`),
        h('button', { onClick: () => setAsking(true) }, 'Sign in as someone else'),
        h('button', { onClick: signOut }, 'Sign out'))),
    notices.map((text) => h('p', { key: text, className: 'notice', role: 'status' }, text)),
    h('main', null, group === 'urls'
      ? h(OldURLs, { client, start })
      : h(Editor, { key: group, client, start, group, explain })));
}

const root = document.getElementById('playground');
ReactDOM.createRoot(root).render(h(Page, {
  client: new Client(), signedOut: document.body.classList.contains('signed-out'),
}));
