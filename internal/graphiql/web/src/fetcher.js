/** Returns a GraphiQL fetcher that posts to the API, signed in with what readToken returns unless that is empty. */
export function createFetcher(readToken) {
  return async (params, { headers } = {}) => {
    const token = readToken();
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        Accept: 'application/graphql-response+json, application/json',
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      body: JSON.stringify(params),
    });
    if (response.headers.get('Content-Type')?.includes('json')) return response.json();
    throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  };
}
