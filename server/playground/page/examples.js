'use strict';

const nilGuid = '00000000-0000-0000-0000-000000000000';

// The first id anywhere in a part of an answer, or the token.
function firstId(value) {
  if (value === null || typeof value !== 'object') return undefined;
  const own = value.id ?? value.token;
  if (typeof own === 'string') return own;
  for (const inner of Object.values(value)) {
    const id = firstId(inner);
    if (id) return id;
  }
  return undefined;
}

// Examples prepares examples: it makes what they need and fills that in.
class Examples {
  #client;
  #byName = new Map(); // examples by the name of their operation

  constructor(client, examples) {
    this.#client = client;
    for (const example of examples) {
      this.#byName.set(/^(?:query|mutation|subscription) (\w+)/m.exec(example.query)?.[1], example);
    }
  }

  // prepare returns the request to send for a request of the editor: { request,
  // token }, or { failed } with the answer of a setup that failed.
  async prepare(request) {
    const example = this.#byName.get(request.operationName);
    const filled = await this.fill(example, JSON.stringify(request.variables ?? {}));
    if (filled.failed) return filled;
    return { request: { ...request, variables: JSON.parse(filled.text) }, token: filled.found.bearer };
  }

  // fill replaces RANDOM and the nil guids in a text. It runs the setup if the
  // text has any of them, or is still that of the example.
  async fill(example, text) {
    const digits = String(Math.random()).slice(2, 14);
    const found = {};
    const untouched = example?.variables && text === JSON.stringify(JSON.parse(example.variables));
    if (example?.setup && (untouched || text.includes(nilGuid) || text.includes('RANDOM'))) {
      for (const document of example.setup.split(/^(?=mutation|query)/m).filter((part) => part.trim())) {
        const answer = await this.#client.graphql({
          query: document.replaceAll('RANDOM', digits),
          variables: Object.fromEntries([...document.matchAll(/\$(\w+):/g)].map(([, name]) => [name, found[name]])),
        });
        if (answer.errors) return { failed: answer };
        for (const [alias, value] of Object.entries(answer.data)) found[alias] = firstId(value);
      }
    }
    text = text.replaceAll('RANDOM', digits);
    for (const [name, id] of Object.entries(found)) {
      text = text.replaceAll(`"${name}":"${nilGuid}"`, `"${name}":"${id}"`)
        .replaceAll(`${name.toLowerCase().replace(/id$/, 'guid')}=${nilGuid}`, `${name.toLowerCase().replace(/id$/, 'guid')}=${id}`)
        .replaceAll(`customerguid=${nilGuid}`, `customerguid=${found.customerId ?? found.id ?? nilGuid}`);
    }
    return { text, found };
  }
}

// curl writes a request for a shell.
function curl(path, body) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const command = `curl -u NAME:PASSWORD ${quoted(location.origin + path)}`;
  return body ? `${command} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}` : command;
}

// SafeStorage stores the editor's settings and its history, without secrets: no
// headers, and no value of the given names, except those that stand in the
// examples. It does not store tabs: each group begins with its examples.
class SafeStorage {
  #names;
  #pattern;
  #public;
  #prefix = 'playground:';

  constructor(secrets, examples) {
    this.#names = new Set(secrets);
    // The value of a name in GraphQL or JSON, also one that is not complete yet.
    this.#pattern = new RegExp(`("?\\b(?:${secrets.join('|')})"?\\s*:\\s*)("""[^]*?(?:"""|$)|"(?:\\\\.|[^"\\\\])*"?)`, 'g');
    this.#public = examples.map(({ variables }) => variables ?? '').join('');
  }

  #clean(value, name) {
    if (Array.isArray(value)) return value.map((inner) => this.#clean(inner, name));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#clean(inner, key)]));
    }
    if (typeof value !== 'string') return value;
    if (this.#names.has(name)) return this.#public.includes(JSON.stringify(value)) ? value : '';
    try {
      const inner = JSON.parse(value);
      return inner !== null && typeof inner === 'object' ? JSON.stringify(this.#clean(inner), null, 2) : value;
    } catch {
      return value.replace(this.#pattern, (all, before, secret) => this.#public.includes(secret) ? all : `${before}""`);
    }
  }

  setItem(key, value) {
    if (!/(?:headers|tabState|query|variables|operationName)$/i.test(key)) localStorage.setItem(this.#prefix + key, this.#names.size ? this.#clean(value) : value);
  }

  getItem(key) { return localStorage.getItem(this.#prefix + key); }

  removeItem(key) { localStorage.removeItem(this.#prefix + key); }

  get length() { return this.#keys().length; }

  clear() { this.#keys().forEach((key) => localStorage.removeItem(key)); }

  #keys() { return Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix)); }
}
