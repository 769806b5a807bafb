// Documents with typed variables and results.
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
import { graphql } from './gql';

export const Customers = graphql(`
  query Customers($first: Int!, $after: Cursor, $where: CustomerWhereInput) {
    customers(first: $first, after: $after, where: $where) {
      edges {
        node {
          id
          name
          createdAt
          capacityBalance { type remaining }
        }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
`);

// Filters can contain filters, to any depth.
export const variables: VariablesOf<typeof Customers> = {
  first: 10,
  where: { not: { or: [{ name: 'a' }, { and: [{ city: 'b' }, { status: 'DISABLED' }] }] }, createdAtGTE: '2026-01-01T00:00:00Z' },
};

/** The names of customers that have used up a type of capacity. */
export function exhausted(result: ResultOf<typeof Customers>): string[] {
  const edges = result.customers?.edges ?? [];
  return edges.filter(({ node }) => node.capacityBalance.some(({ remaining }) => BigInt(remaining) <= 0n)).map(({ node }) => node.name);
}
