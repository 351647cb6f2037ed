import { readEvents } from './events.js';

/** Returns a GraphiQL fetcher that posts to the API, signed in with what readToken returns unless that is empty. */
export function createFetcher(readToken) {
  return async (params, { headers, documentAST } = {}) => {
    const token = readToken();
    const subscribes = isSubscription(documentAST, params.operationName);
    const abort = new AbortController();
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        Accept: subscribes ? 'text/event-stream' : 'application/graphql-response+json, application/json',
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify(params),
      signal: abort.signal,
    });
    const type = response.headers.get('Content-Type');
    if (type?.includes('json')) return response.json();
    if (type?.startsWith('text/event-stream')) return readEvents(response, abort);
    throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  };
}

function isSubscription(document, name) {
  const operation = document?.definitions.find(d => d.kind === 'OperationDefinition' && (!name || d.name?.value === name));
  return operation?.operation === 'subscription';
}
