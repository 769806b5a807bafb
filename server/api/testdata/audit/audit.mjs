// Runs all audits of GraphQL over HTTP against a server, and prints a line for
// each: ok or what it is, its id and name.
import { serverAudits } from 'graphql-http';

const [url, authorization] = process.argv.slice(2);
const audits = serverAudits({
  url,
  fetchFn: (target, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', authorization);
    return fetch(target, { ...init, headers });
  },
});
for (const audit of audits) {
  const result = await audit.fn();
  console.log(`${result.status} ${audit.id} ${audit.name} ${result.reason ?? ''}`);
}
