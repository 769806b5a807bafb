import assert from 'node:assert/strict';
import relay from 'relay-runtime';
import WebSocket from 'ws';
import { formErrors } from './forms.js';
import { createEnvironment } from './relay/environment.js';
import { customersQuery, customersSubscription, rename } from './relay/customers.js';
import * as server from './server.mjs';

const { createOperationDescriptor, fetchQuery, getRequest, requestSubscription } = relay;
const session = await server.signedIn();
await server.customers(session, 'Relay', 3);
let signedOut = 0;
const { environment } = createEnvironment(session, { signedOut: () => signedOut++, webSocketImpl: WebSocket });
const where = { nameContains: 'Relay' };
const first = createOperationDescriptor(getRequest(customersQuery), { first: 2, after: null, where });
environment.retain(first);
const connection = () => environment.lookup(first.fragment).data.customers;
const shown = () => connection().edges.map(({ node }) => node);

await server.check({
  async 'pages are joined'() {
    await fetchQuery(environment, customersQuery, { first: 2, after: null, where }).toPromise();
    await fetchQuery(environment, customersQuery, { first: 2, after: connection().pageInfo.endCursor, where }).toPromise();
    assert.deepEqual(shown().map(({ name }) => name), ['Relay 0', 'Relay 1', 'Relay 2']);
  },
  async 'a change is shown at once'() {
    const { version } = shown()[0];
    const done = rename(environment, shown()[0], 'Relay renamed');
    assert.equal(shown()[0].name, 'Relay renamed');
    await done;
    assert.notEqual(shown()[0].version, version);
  },
  async 'a change of something that has changed is taken back'() {
    await server.rename(session, shown()[0], 'Relay of somebody else');
    const done = rename(environment, shown()[0], 'Relay lost');
    assert.equal(shown()[0].name, 'Relay lost');
    const failed = await done.then(() => null, (error) => error);
    assert.deepEqual(formErrors(failed.errors).form, ['Another user has changed this. Check it again.']);
    assert.equal(shown()[0].name, 'Relay renamed');
  },
  async 'an error is put beside its field'() {
    const failed = await rename(environment, shown()[1], 'x'.repeat(300)).then(() => null, (error) => error);
    assert.match(formErrors(failed.errors).fields.name, /255/);
  },
  async 'a subscription updates what is shown'() {
    let seen = 0;
    const stream = requestSubscription(environment, { subscription: customersSubscription, variables: { id: shown()[2].id }, onNext: () => seen++ });
    await server.until(() => seen > 0, 'the first state');
    await server.rename(session, shown()[2], 'Relay live');
    await server.until(() => shown()[2].name === 'Relay live', 'the name in the list');
    stream.dispose();
  },
  async 'a token that is refused ends the session'() {
    await server.direct(session, 'mutation { signOut(input: {}) { ended } }');
    await fetchQuery(environment, customersQuery, { first: 2, after: null, where }).toPromise().catch(() => {});
    assert.equal(signedOut, 1);
  },
});
