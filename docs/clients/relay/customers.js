// The documents of a page with customers. The compiler requires that each name
// begins with the name of the file.
import relay from 'relay-runtime';

const { commitMutation, graphql } = relay;

export const customersQuery = graphql`
  query customersQuery($first: Int!, $after: Cursor, $where: CustomerWhereInput) {
    customers(first: $first, after: $after, where: $where) @connection(key: "customersQuery_customers", filters: ["where"]) {
      edges {
        node {
          id
          version
          name
          createdAt
          capacityBalance { type remaining }
        }
      }
    }
  }
`;

export const customersSubscription = graphql`
  subscription customersSubscription($id: ID!) {
    customer(id: $id) { id version name }
  }
`;

/**
 * Renames a customer on the page at once, and reverses this if the server refuses the
 * change: with CONFLICT if the customer has changed since it was read.
 */
export function rename(environment, customer, name) {
  return new Promise((onCompleted, onError) => {
    commitMutation(environment, {
      mutation: graphql`
        mutation customersRenameMutation($input: UpdateCustomerInput!) {
          updateCustomer(input: $input) { customer { id version name } }
        }
      `,
      variables: { input: { customerId: customer.id, expectedVersion: customer.version, name } },
      optimisticResponse: { updateCustomer: { customer: { id: customer.id, version: customer.version, name } } },
      onCompleted,
      onError,
    });
  });
}
