// What the checks of all clients use: node CHECK.mjs http://host/graphql login password.
import assert from 'node:assert/strict';
import { Session } from './session.js';

const [url, login, password] = process.argv.slice(2);

/** Every request that was sent, and every answer. */
export const sent = [];
const real = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const answer = await real(input, init);
  const copy = answer.clone();
  sent.push({ body: init?.body ? JSON.parse(init.body) : null, headers: new Headers(init?.headers), answer: await copy.text() });
  return answer;
};

/** A session that is signed in. */
export async function signedIn() {
  const session = new Session(url);
  await session.signIn(login, password);
  return session;
}

/** Runs an operation beside the client. */
export async function direct(session, query, variables) {
  const answer = await real(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...session.headers() },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

export const rename = (session, { id }, name) =>
  direct(session, 'mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { customer { id } } }', { i: { customerId: id, name } });

/** Makes as many customers whose names begin with a word. */
export async function customers(session, word, count) {
  for (let i = 0; i < count; i++) {
    await direct(session, 'mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { job { id } } }', { i: { name: `${word} ${i}` } });
  }
}

export async function until(reached, what) {
  for (let i = 0; i < 3000; i++) {
    if (reached()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${what}: not reached`);
}

/** Runs the checks of a client, and prints a line for each. */
export async function check(checks) {
  for (const [name, run] of Object.entries(checks)) {
    try {
      await run();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`not ok ${name}: ${error.stack}`);
    }
  }
  process.exit(0);
}
