// Apollo Client 4 for the customer API.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { createClient as createSocket } from 'graphql-ws';
import { hasCode } from '../forms.js';

// The types with a guid. Fragments on Node need this list.
export const possibleTypes = {
  Node: ['AccessToken', 'CapacityUnit', 'CloudSpace', 'CloudUser', 'CloudUserGroup', 'Customer', 'Domain', 'Job', 'PortalAccount'],
};

// A list that grows with fetchMore({ variables: { after } }). Each filter and order
// has its own list. Select `edges`: pages of `nodes` are not merged.
const list = () => relayStylePagination(['where', 'orderBy']);

// An object that was read in a list is not read again by its guid.
const byID = (typename) => ({ read: (_, { args, toReference }) => toReference({ __typename: typename, id: args.id }) });

export const typePolicies = {
  Query: {
    fields: {
      customer: byID('Customer'), cloudUserGroup: byID('CloudUserGroup'), cloudUser: byID('CloudUser'), cloudSpace: byID('CloudSpace'), job: byID('Job'),
      customers: list(), cloudUserGroups: list(), cloudUsers: list(), cloudSpaces: list(), jobs: list(),
    },
  },
  Customer: {
    fields: {
      cloudUserGroups: list(), domains: list(), cloudSpaces: list(), jobs: list(),
      // It has no guid: the newest value replaces the old one.
      capacityBalance: { merge: false },
    },
  },
  CloudUserGroup: { fields: { customers: list(), users: list(), groups: list(), memberOf: list() } },
  CloudUser: { fields: { groups: list(), accessTokens: list() } },
  CloudSpace: { fields: { children: list() } },
  Job: { fields: { children: list() } },
};

async function sha256(text) {
  const sum = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A client of a Session (../session.js). `signedOut` is called when its token is refused. */
export function createClient(session, { signedOut = () => {}, webSocketImpl } = {}) {
  const socket = createSocket({
    url: session.url.replace(/^http/, 'ws'),
    connectionParams: () => session.headers(),
    webSocketImpl,
  });
  const http = ApolloLink.from([
    new ErrorLink(({ error }) => {
      if (CombinedGraphQLErrors.is(error) && hasCode(error.errors, 'UNAUTHENTICATED')) {
        session.forget();
        signedOut();
      }
    }),
    new SetContextLink(({ headers }) => ({ headers: { ...headers, ...session.headers() } })),
    // Send the hash of a query instead of its text. The server stores the text.
    new PersistedQueryLink({ sha256 }),
    new HttpLink({ uri: session.url }),
  ]);
  const client = new ApolloClient({
    link: ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, new GraphQLWsLink(socket), http),
    cache: new InMemoryCache({ typePolicies, possibleTypes }),
    clientAwareness: { name: 'customer-frontend', version: '1.0.0' },
    // A field that fails is null; the other fields have their data.
    defaultOptions: { watchQuery: { errorPolicy: 'all' }, query: { errorPolicy: 'all' } },
  });
  return { client, close: () => socket.dispose() };
}

const RENAME = gql`
  mutation Rename($input: UpdateCustomerInput!) {
    updateCustomer(input: $input) { customer { id version name } }
  }
`;

const CURRENT = gql`query Current($id: ID!) { customer(id: $id) { id version name } }`;

/**
 * Renames a customer on the page at once, and reverses this if the server refuses the
 * change: with CONFLICT if the customer has changed since it was read.
 */
export async function rename(client, customer, name) {
  try {
    await client.mutate({
      mutation: RENAME,
      variables: { input: { customerId: customer.id, expectedVersion: customer.version, name } },
      optimisticResponse: {
        updateCustomer: {
          __typename: 'UpdateCustomerPayload',
          customer: { __typename: 'Customer', id: customer.id, version: customer.version, name },
        },
      },
    });
  } catch (error) {
    if (CombinedGraphQLErrors.is(error) && hasCode(error.errors, 'CONFLICT')) {
      // Read the current state, which also updates every list with this object.
      await client.query({ query: CURRENT, variables: { id: customer.id }, fetchPolicy: 'network-only' });
    }
    throw error;
  }
}

/** Deletes a customer, also from the displayed lists. */
export async function remove(client, customer) {
  await client.mutate({
    mutation: gql`mutation Remove($input: DeleteCustomerInput!) { deleteCustomer(input: $input) { customerId } }`,
    variables: { input: { customerId: customer.id, expectedVersion: customer.version } },
    update(cache) {
      cache.evict({ id: cache.identify({ __typename: 'Customer', id: customer.id }) });
      cache.gc();
    },
  });
}
