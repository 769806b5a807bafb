'use strict';

// Whoever opens the page as http://name:password@host has these credentials in
// every relative address, and fetch refuses such addresses. The origin has
// none, and the browser sends the credentials it knows along all the same.
const at = (path) => location.origin + path;

async function start() {
  const answer = await fetch(at('/playground/examples.json'));
  const examples = await answer.json();
  const root = ReactDOM.createRoot(document.getElementById('playground'));
  root.render(React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({
      url: at('/graphql'),
      headers: { Accept: 'application/graphql-response+json' },
    }),
    defaultTabs: examples.map(({ query, variables }) => ({ query, variables })),
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
  }));
}

start();
