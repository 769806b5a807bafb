// Relay 21 for the customer API.
import { createClient as createSocket } from 'graphql-ws';
import relay from 'relay-runtime';
import { hasCode } from '../forms.js';

const { Environment, Network, Observable, RecordSource, Store } = relay;

/** An environment of a Session (../session.js). `signedOut` is called when its token is refused. */
export function createEnvironment(session, { signedOut = () => {}, webSocketImpl } = {}) {
  const socket = createSocket({
    url: session.url.replace(/^http/, 'ws'),
    connectionParams: () => session.headers(),
    webSocketImpl,
  });

  async function request({ text }, variables) {
    const answer = await fetch(session.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json', ...session.headers() },
      body: JSON.stringify({ query: text, variables }),
    });
    const result = await answer.json();
    if (result.errors && hasCode(result.errors, 'UNAUTHENTICATED')) {
      session.forget();
      signedOut();
    }
    // Relay treats an answer without data as a network failure, and an answer with
    // data and errors as a success in which the failed fields are null. A failed
    // change must be a failure.
    if (result.errors && (!result.data || Object.values(result.data).every((field) => field === null))) {
      throw Object.assign(new Error(result.errors[0].message), { errors: result.errors });
    }
    return result;
  }

  const subscribe = ({ text, name }, variables) =>
    Observable.create((sink) => socket.subscribe({ query: text, operationName: name, variables }, sink));

  const environment = new Environment({
    network: Network.create(request, subscribe),
    store: new Store(new RecordSource()),
  });
  return { environment, close: () => socket.dispose() };
}
