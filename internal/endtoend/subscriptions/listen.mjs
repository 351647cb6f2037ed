// Subscribes as the argument says, a JSON object, and writes what happens as lines of JSON: when a connection was
// acknowledged, what comes, with what code a connection was closed, how the subscription ended.
//
//   urls    where to connect, each time to the next of them, as behind a load balancer
//   token   of whom
//   query   the operation
//   apollo  whether to subscribe by Apollo Client
//   retries how often to connect again, 0 for never
import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

globalThis.WebSocket ??= WebSocket; // before Node.js 22 there is none

const { urls, token, query, apollo, retries } = JSON.parse(process.argv[2]);
const tell = (what) => console.log(JSON.stringify(what));

let connections = 0;
const client = createClient({
  url: () => urls[connections++ % urls.length],
  connectionParams: { authorization: `Bearer ${token}` },
  retryAttempts: retries,
  on: {
    connected: () => tell({ connected: connections }),
    closed: ({ code, reason }) => tell({ closed: code, reason }),
  },
});

const sink = {
  next: (result) => tell({ next: result }),
  error: (error) => tell({ error: Array.isArray(error) ? error : String(error) }),
  complete: () => tell({ complete: true }),
};

if (apollo) {
  new ApolloClient({ link: new GraphQLWsLink(client), cache: new InMemoryCache() }).subscribe({ query: gql(query) }).subscribe(sink);
} else {
  client.subscribe({ query }, sink);
}
