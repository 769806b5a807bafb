'use strict';

// Whoever opens the page as http://name:password@host has these credentials in
// every relative address, and fetch refuses such addresses. The origin has
// none, and the browser sends the credentials it knows along all the same.
const at = (path) => location.origin + path;

const fetcher = GraphiQL.createFetcher({
  url: at('/graphql'),
  headers: { Accept: 'application/graphql-response+json' },
});

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
