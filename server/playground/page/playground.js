'use strict';

// Whoever opens the page as http://name:password@host has these credentials in
// every relative address, and fetch refuses such addresses. The origin has
// none, and the browser sends the credentials it knows along all the same.
const at = (path) => location.origin + path;

const ask = GraphiQL.createFetcher({
  url: at('/graphql'),
  headers: { Accept: 'application/graphql-response+json' },
});

// Whether the operation that runs is a subscription.
const subscribes = ({ operationName }, document) => document?.definitions.some((d) =>
  d.operation === 'subscription' && (!operationName || d.name?.value === operationName));

// The answers of a subscription as they arrive, until the tab stops it.
async function* follow(params, headers) {
  const stop = new AbortController();
  try {
    const answer = await fetch(at('/graphql'), {
      method: 'POST', signal: stop.signal, body: JSON.stringify(params),
      headers: { 'Content-Type': 'application/json', ...headers, Accept: 'text/event-stream' },
    });
    if (!answer.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      yield answer.json();
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = text.slice(0, end).match(/^data: (.+)$/m)?.[1];
        text = text.slice(end + 2);
        if (data) yield JSON.parse(data);
      }
    }
  } finally {
    stop.abort();
  }
}

const fetcher = (params, options) => subscribes(params, options?.documentAST)
  ? follow(params, options?.headers)
  : ask(params, options);

// The first id anywhere in a part of an answer.
function firstId(value) {
  if (value === null || typeof value !== 'object') return undefined;
  if (typeof value.id === 'string') return value.id;
  for (const inner of Object.values(value)) {
    const id = firstId(inner);
    if (id) return id;
  }
  return undefined;
}

// Puts guids that exist where the examples have the nil guid.
async function withGuids(examples, query) {
  const { data } = await fetcher({ query });
  const put = (name, value) =>
    value === '00000000-0000-0000-0000-000000000000' ? (firstId(data?.[name]) ?? value) : value;
  return examples.map((example) => example.variables
    ? { ...example, variables: JSON.stringify(JSON.parse(example.variables, put), null, 2) }
    : example);
}

async function start() {
  const answer = await fetch(at('/playground/start.json'));
  const { examples, guids } = await answer.json();
  const tabs = guids ? await withGuids(examples, guids) : examples;
  const root = ReactDOM.createRoot(document.getElementById('playground'));
  root.render(React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: tabs.map(({ query, variables }) => ({ query, variables })),
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
  }));
}

start();
