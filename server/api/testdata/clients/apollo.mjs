import assert from 'node:assert/strict';
import { gql } from '@apollo/client';
import WebSocket from 'ws';
import { createClient, possibleTypes, remove, rename } from './apollo/client.js';
import { formErrors } from './forms.js';
import * as server from './server.mjs';

const session = await server.signedIn();
await server.customers(session, 'Apollo', 3);
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
const variables = { first: 2, where: { nameContains: 'Apollo' } };
const ONE = gql`query Customer($id: ID!) { customer(id: $id) { id version name } }`;
let shown = [];

await server.check({
  async 'the lists of possible types are whole'() {
    const { __type } = await server.direct(session, '{ __type(name: "Node") { possibleTypes { name } } }');
    assert.deepEqual(possibleTypes.Node, __type.possibleTypes.map(({ name }) => name).sort());
  },
  async 'pages are joined'() {
    const list = client.watchQuery({ query: LIST, variables });
    list.subscribe(({ data }) => { if (data?.customers) shown = data.customers.edges.map(({ node }) => node); });
    await server.until(() => shown.length === 2, 'the first page');
    const { endCursor } = list.getCurrentResult().data.customers.pageInfo;
    await list.fetchMore({ variables: { after: endCursor } });
    await server.until(() => shown.length === 3, 'the second page');
    assert.deepEqual(shown.map(({ name }) => name), ['Apollo 0', 'Apollo 1', 'Apollo 2']);
  },
  async 'an object of a list is not read again'() {
    const before = server.sent.length;
    const { data } = await client.query({ query: ONE, variables: { id: shown[1].id } });
    assert.equal(data.customer.name, 'Apollo 1');
    assert.equal(server.sent.length, before);
  },
  async 'the hash of a query goes instead of its text'() {
    const again = createClient(session, { webSocketImpl: WebSocket });
    await again.client.query({ query: LIST, variables });
    const { body, headers } = server.sent.at(-1);
    assert.equal(body.query, undefined);
    assert.match(body.extensions.persistedQuery.sha256Hash, /^[0-9a-f]{64}$/);
    assert.equal(headers.get('apollographql-client-name'), 'customer-frontend');
  },
  async 'a change is shown at once'() {
    const done = rename(client, shown[0], 'Apollo renamed');
    await server.until(() => shown[0].name === 'Apollo renamed', 'the optimistic name');
    const { version } = shown[0];
    await done;
    await server.until(() => shown[0].version !== version, 'the new version');
  },
  async 'a change of something that has changed is taken back'() {
    await server.rename(session, shown[0], 'Apollo of somebody else');
    const names = new Set();
    const list = client.watchQuery({ query: LIST, variables, fetchPolicy: 'cache-only' });
    list.subscribe(({ data }) => { if (data?.customers) names.add(data.customers.edges[0].node.name); });
    const failed = await rename(client, shown[0], 'Apollo lost').then(() => null, (error) => error);
    assert.deepEqual(formErrors(failed.errors), { fields: {}, form: ['Another user has changed this. Check it again.'] });
    assert(names.has('Apollo lost'));
    await server.until(() => shown[0].name === 'Apollo of somebody else', 'the name that somebody else has given');
  },
  async 'an error is put beside its field'() {
    const failed = await rename(client, shown[1], 'x'.repeat(300)).then(() => null, (error) => error);
    const { fields, form } = formErrors(failed.errors);
    assert.match(fields.name, /255/);
    assert.deepEqual(form, []);
  },
  async 'a subscription updates what is shown'() {
    const stream = client.subscribe({ query: gql`subscription Customer($id: ID!) { customer(id: $id) { id version name } }`, variables: { id: shown[2].id } });
    let seen = 0;
    const subscription = stream.subscribe(() => seen++);
    await server.until(() => seen > 0, 'the first state');
    await server.rename(session, shown[2], 'Apollo live');
    await server.until(() => shown[2].name === 'Apollo live', 'the name in the list');
    subscription.unsubscribe();
  },
  async 'what is deleted leaves the lists'() {
    await remove(client, shown[2]);
    await server.until(() => shown.length === 2, 'two customers');
  },
  async 'a token that is refused ends the session'() {
    await server.direct(session, 'mutation { signOut(input: {}) { ended } }');
    await client.query({ query: ONE, variables: { id: shown[0].id }, fetchPolicy: 'network-only' });
    assert.equal(signedOut, 1);
    assert.deepEqual(session.headers(), {});
  },
});
