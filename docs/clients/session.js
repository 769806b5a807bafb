// Signs in and out from a page, also from one on another origin. The token is kept
// in memory: a script of another site cannot read it, and closing the page ends it.

/** A session at the API whose GraphQL endpoint is `url`. */
export class Session {
  #token = null;

  constructor(url) {
    this.url = url;
  }

  /** The header that every request carries, an empty object while nobody is signed in. */
  headers() {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** Signs in, or throws an error whose message is for the person at the form. */
  async signIn(login, password) {
    const { signIn } = await this.#send(
      'mutation SignIn($input: SignInInput!) { signIn(input: $input) { token expiresAt } }',
      { input: { login, password } },
    );
    this.#token = signIn.token;
    return signIn.expiresAt;
  }

  async signOut() {
    await this.#send('mutation { signOut(input: {}) { ended } }', {});
    this.forget();
  }

  /** Drops a token that the API refuses. */
  forget() {
    this.#token = null;
  }

  async #send(query, variables) {
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json', ...this.headers() },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(errors[0].message, { cause: errors[0].extensions });
    return data;
  }
}
