// urql 5 with graphcache for the customer API.
import { Client, fetchExchange, gql, subscriptionExchange } from 'urql';
import { authExchange } from '@urql/exchange-auth';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { createClient as createSocket } from 'graphql-ws';
import { hasCode } from '../forms.js';

const byID = (typename) => (_, { id }) => ({ __typename: typename, id });
const list = () => relayPagination();

export const cache = {
  // It has no guid: it is stored with its customer.
  keys: { CapacityBalance: () => null },
  resolvers: {
    Query: {
      customer: byID('Customer'), cloudUserGroup: byID('CloudUserGroup'), cloudUser: byID('CloudUser'), cloudSpace: byID('CloudSpace'), job: byID('Job'),
      customers: list(), cloudUserGroups: list(), cloudUsers: list(), cloudSpaces: list(), jobs: list(),
    },
    Customer: { cloudUserGroups: list(), domains: list(), cloudSpaces: list(), jobs: list() },
    CloudUserGroup: { customers: list(), users: list(), groups: list(), memberOf: list() },
  },
  // Shown until the server answers, and reversed if the server refuses the change.
  optimistic: {
    updateCustomer({ input }, store) {
      const customer = { __typename: 'Customer', id: input.customerId };
      return {
        __typename: 'UpdateCustomerPayload',
        customer: { ...customer, version: store.resolve(customer, 'version'), name: input.name ?? store.resolve(customer, 'name') },
      };
    },
  },
  updates: {
    Mutation: {
      // A new customer may be on any page: read the lists again.
      createCustomer(_result, _args, store) {
        for (const { fieldKey } of store.inspectFields('Query')) {
          if (fieldKey.startsWith('customers')) store.invalidate('Query', fieldKey);
        }
      },
      deleteCustomer(_result, { input }, store) {
        store.invalidate({ __typename: 'Customer', id: input.customerId });
      },
    },
  },
};

/** A client of a Session (../session.js). `signedOut` is called when its token is refused. */
export function createClient(session, { signedOut = () => {}, webSocketImpl } = {}) {
  const socket = createSocket({
    url: session.url.replace(/^http/, 'ws'),
    connectionParams: () => session.headers(),
    webSocketImpl,
  });
  const client = new Client({
    url: session.url,
    // Mutations cannot be sent by GET, and GET has no benefit for queries.
    preferGetMethod: false,
    exchanges: [
      cacheExchange(cache),
      authExchange(async (utils) => ({
        addAuthToOperation: (operation) => utils.appendHeaders(operation, session.headers()),
        didAuthError: (error) => hasCode(error.graphQLErrors, 'UNAUTHENTICATED'),
        async refreshAuth() {
          session.forget();
          signedOut();
        },
      })),
      persistedExchange({ preferGetForPersistedQueries: false }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
        }),
      }),
    ],
  });
  return { client, close: () => socket.dispose() };
}

const RENAME = gql`
  mutation Rename($input: UpdateCustomerInput!) {
    updateCustomer(input: $input) { customer { id version name } }
  }
`;

/** Renames a customer. The error is CONFLICT if the customer has changed since it was read. */
export function rename(client, customer, name) {
  return client.mutation(RENAME, { input: { customerId: customer.id, expectedVersion: customer.version, name } }).toPromise();
}
