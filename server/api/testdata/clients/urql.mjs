import assert from 'node:assert/strict';
import { gql } from 'urql';
import WebSocket from 'ws';
import { formErrors } from './forms.js';
import * as server from './server.mjs';
import { createClient, rename } from './urql/client.js';

const session = await server.signedIn();
await server.customers(session, 'Urql', 3);
let signedOut = 0;
const { client } = createClient(session, { signedOut: () => signedOut++, webSocketImpl: WebSocket });

const LIST = gql`
  query Customers($first: Int!, $after: Cursor, $where: CustomerWhereInput) {
    customers(first: $first, after: $after, where: $where) {
      edges { node { id version name capacityBalance { type remaining } } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;
const variables = { first: 2, where: { nameContains: 'Urql' } };
const ONE = gql`query Customer($id: ID!) { customer(id: $id) { id version name } }`;
let shown = [], problems = [];
const warn = console.warn;
console.warn = (...words) => { problems.push(words.join(' ')); warn(...words); };

await server.check({
  async 'pages are joined'() {
    const first = await client.query(LIST, variables).toPromise();
    const after = first.data.customers.pageInfo.endCursor;
    client.query(LIST, { ...variables, after }).subscribe(({ data }) => { if (data) shown = data.customers.edges.map(({ node }) => node); });
    await server.until(() => shown.length === 3, 'both pages');
    assert.deepEqual(shown.map(({ name }) => name), ['Urql 0', 'Urql 1', 'Urql 2']);
  },
  async 'an object of a list is not read again'() {
    const before = server.sent.length;
    const { data } = await client.query(ONE, { id: shown[1].id }).toPromise();
    assert.equal(data.customer.name, 'Urql 1');
    assert.equal(server.sent.length, before);
  },
  async 'the hash of a query goes instead of its text'() {
    const again = createClient(session, { webSocketImpl: WebSocket });
    await again.client.query(LIST, variables).toPromise();
    assert.equal(server.sent.at(-1).body.query, undefined);
    assert.match(server.sent.at(-1).body.extensions.persistedQuery.sha256Hash, /^[0-9a-f]{64}$/);
  },
  async 'a change is shown at once'() {
    const { version } = shown[0];
    const done = rename(client, shown[0], 'Urql renamed');
    await server.until(() => shown[0].name === 'Urql renamed', 'the optimistic name');
    assert.equal((await done).error, undefined);
    await server.until(() => shown[0].version !== version, 'the new version');
  },
  async 'a change of something that has changed is taken back'() {
    await server.rename(session, shown[0], 'Urql of somebody else');
    const names = [];
    const watched = client.query(ONE, { id: shown[0].id }).subscribe(({ data }) => names.push(data.customer.name));
    const { error } = await rename(client, shown[0], 'Urql lost');
    assert.deepEqual(formErrors(error.graphQLErrors).form, ['Another user has changed this. Check it again.']);
    await server.until(() => names.includes('Urql lost') && names.at(-1) === 'Urql renamed', 'the name of before');
    watched.unsubscribe();
    await client.query(ONE, { id: shown[0].id }, { requestPolicy: 'network-only' }).toPromise();
    await server.until(() => shown[0].name === 'Urql of somebody else', 'the name that somebody else has given');
  },
  async 'an error is put beside its field'() {
    const { error } = await rename(client, shown[1], 'x'.repeat(300));
    assert.match(formErrors(error.graphQLErrors).fields.name, /255/);
  },
  async 'a subscription updates what is shown'() {
    let seen = 0;
    const stream = client.subscription(gql`subscription Live($id: ID!) { customer(id: $id) { id version name } }`, { id: shown[2].id }).subscribe(() => seen++);
    await server.until(() => seen > 0, 'the first state');
    await server.rename(session, shown[2], 'Urql live');
    await server.until(() => shown[2].name === 'Urql live', 'the name in the list');
    stream.unsubscribe();
  },
  async 'a new customer makes the lists be read again'() {
    await client.mutation(gql`mutation Create($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }`, { input: { name: 'Urql new' } }).toPromise();
    const before = server.sent.length;
    await client.query(LIST, variables).toPromise();
    assert(server.sent.length > before);
  },
  async 'the cache has nothing to complain of'() { assert.deepEqual(problems, []); },
  async 'a token that is refused ends the session'() {
    await server.direct(session, 'mutation { signOut(input: {}) { ended } }');
    await client.query(ONE, { id: shown[0].id }, { requestPolicy: 'network-only' }).toPromise();
    assert.equal(signedOut, 1);
  },
});
