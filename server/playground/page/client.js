'use strict';

// Client sends requests to the server that the page came from.
//
// If the page was opened as http://name:password@host, every relative address
// has these credentials, and fetch refuses such addresses. The origin has none,
// and the browser sends the credentials all the same.
class Client {
  #token = ''; // in memory only

  get hasToken() { return this.#token !== ''; }

  signInWithToken(token) { this.#token = token; }

  signOut() { this.#token = ''; }

  // headers with the token, if there is one. Otherwise the browser adds the
  // Basic credentials that it knows.
  #headers(more, token = this.#token) {
    return token ? { ...more, Authorization: `Bearer ${token}` } : more;
  }

  fetch(path, init = {}, token) {
    return fetch(location.origin + path, { ...init, headers: this.#headers(init.headers ?? {}, token) });
  }

  // graphql runs an operation and returns the answer.
  async graphql(request, token) {
    const answer = await this.fetch('/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
      body: JSON.stringify(request),
    }, token);
    return answer.json();
  }

  // subscribe runs a subscription by Server-Sent Events and yields its answers.
  async *subscribe(request) {
    const answer = await this.fetch('/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
      body: JSON.stringify(request),
    });
    if (!answer.headers.get('Content-Type')?.startsWith('text/event-stream')) {
      yield await answer.json();
      return;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      let pending = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const events = (pending + value.replaceAll('\r', '')).split('\n\n');
        pending = events.pop();
        for (const event of events) {
          const field = (name) => event.split('\n').filter((line) => line.startsWith(`${name}:`))
            .map((line) => line.slice(name.length + 1).trimStart()).join('\n');
          if (field('event') === 'complete') return;
          if (field('event') === 'next') yield JSON.parse(field('data'));
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }
}
