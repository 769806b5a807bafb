'use strict';

// The browser has asked for credentials before it loaded this page, and sends
// them along with every request to the same origin.
const fetcher = GraphiQL.createFetcher({
  url: '/graphql',
  headers: { Accept: 'application/graphql-response+json' },
});

async function start() {
  const answer = await fetch('/playground/examples.json');
  const examples = await answer.json();
  const root = ReactDOM.createRoot(document.getElementById('playground'));
  root.render(React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: examples.map(({ query }) => ({ query })),
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
  }));
}

start();
