// Signs in and out from a page, also from a page of another origin. The token is kept
// in memory: scripts of other sites cannot read it, and it is lost when the page closes.

/** A session at the API whose GraphQL endpoint is `url`. */
export class Session {
  #token = null;

  constructor(url) {
    this.url = url;
  }

  /** The header of every request; an empty object if no user is signed in. */
  headers() {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** Signs in, or throws an error with a message for the user. */
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

  /** Deletes a token that the API refuses. */
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
