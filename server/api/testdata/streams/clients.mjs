// Subscribes with each client, loses its connection, and goes on behind the last
// change: node clients.mjs http://host/graphql "Basic …". Prints a line a client.
import { ApolloClient, ApolloLink, InMemoryCache, gql } from '@apollo/client/core/index.js';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions/index.js';
import { createClient as createURQL, subscriptionExchange } from '@urql/core';
import { createClient as createSSE } from 'graphql-sse';
import { createClient as createWS } from 'graphql-ws';
import WebSocket from 'ws';

const [url, authorization] = process.argv.slice(2);
const query = 'subscription Changes($after: ChangeCursor) { changes(after: $after, where: { action: "createCustomer" }) { cursor customer { name } } }';

async function create(name) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: 'mutation($name: String!) { createCustomer(input: { name: $name }) { job { id } } }', variables: { name } }),
  });
  const { errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
}

// A client of graphql-ws and the socket that it has.
function socketClient(options = {}) {
  const held = {};
  held.client = createWS({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: authorization },
    on: { opened: (socket) => { held.socket = socket; } },
    retryAttempts: 0,
    ...options,
  });
  return held;
}

// Each returns what loses its connection.
const clients = {
  // It subscribes again by itself, with the variables as they are then.
  'graphql-ws'(after, change) {
    const held = socketClient({ retryAttempts: 10, shouldRetry: () => true, retryWait: async () => {} });
    const payload = { query, variables: { after } };
    held.client.subscribe(payload, {
      next({ data, errors }) {
        if (errors) throw new Error(JSON.stringify(errors));
        payload.variables.after = data.changes.cursor;
        change(data.changes);
      },
      error() {}, complete() {},
    });
    return { lose: () => held.socket.terminate(), again: true };
  },
  'graphql-sse'(after, change) {
    const client = createSSE({ url, headers: { Authorization: authorization }, retryAttempts: 0 });
    const stop = client.subscribe({ query, variables: { after } }, {
      next: ({ data }) => change(data.changes), error() {}, complete() {},
    });
    return { lose: stop };
  },
  'Apollo Client'(after, change) {
    const held = socketClient();
    const client = new ApolloClient({ link: new GraphQLWsLink(held.client), cache: new InMemoryCache() });
    client.subscribe({ query: gql(query), variables: { after }, fetchPolicy: 'no-cache' })
      .subscribe({ next: ({ data }) => data && change(data.changes), error() {} });
    return { lose: () => held.socket.terminate() };
  },
  urql(after, change) {
    const held = socketClient();
    const client = createURQL({
      url, preferGetMethod: false,
      exchanges: [subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: held.client.subscribe({ query, variables }, { ...sink, error() {} }) }),
        }),
      })],
    });
    client.subscription(query, { after }).subscribe(({ data }) => data && change(data.changes));
    return { lose: () => held.socket.terminate() };
  },
};

async function until(reached, what) {
  for (let i = 0; i < 3000; i++) {
    if (reached()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what}: not reached`);
}

for (const [name, connect] of Object.entries(clients)) {
  try {
    const seen = [];
    const change = ({ cursor, customer }) => seen.push({ cursor, name: customer.name });
    let stream = connect(null, change);
    // The first change that arrives shows that the subscription has begun.
    for (let i = 0; seen.length === 0; i++) {
      await create(`${name} begins ${i}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const want = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${name} ${letter}`);
    const got = () => seen.map((c) => c.name).filter((n) => !n.includes('begins'));
    await create(want[0]);
    await create(want[1]);
    await until(() => got().length === 2, 'two changes');
    stream.lose();
    await create(want[2]);
    await create(want[3]);
    if (!stream.again) stream = connect(seen.at(-1).cursor, change);
    await until(() => got().length === 4, 'two that were missed');
    await create(want[4]);
    await until(() => got().length === 5, 'one more');
    if (JSON.stringify(got()) !== JSON.stringify(want)) throw new Error(`${got()} instead of ${want}`);
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${error.stack}`);
  }
}
process.exit(0);
