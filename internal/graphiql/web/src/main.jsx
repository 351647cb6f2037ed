import 'graphiql/setup-workers/vite';
import { GraphiQL } from 'graphiql';
import { useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createFetcher } from './fetcher.js';
import welcome from './welcome.graphql?raw';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';

const TOKEN = 'mandate:token';
const TYPING_PAUSE_MS = 250;

function App() {
  const [token, setToken] = useState(() => sessionStorage.getItem(TOKEN) ?? '');
  const latest = useRef(token);
  const [fetcher, setFetcher] = useState(newFetcher);
  const pause = useRef();

  function newFetcher() {
    return createFetcher(() => latest.current);
  }

  // A new token counts at once. GraphiQL reads the schema again for every new fetcher, so wait for a pause in the typing.
  function changeToken(next) {
    setToken(next);
    latest.current = next;
    sessionStorage.setItem(TOKEN, next);
    clearTimeout(pause.current);
    pause.current = setTimeout(() => setFetcher(newFetcher), TYPING_PAUSE_MS);
  }

  return (
    <>
      <TokenBar token={token} onChange={changeToken} />
      <GraphiQL fetcher={fetcher} defaultQuery={welcome}>
        <GraphiQL.Logo>Mandate</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

function TokenBar({ token, onChange }) {
  return (
    <label className="graphiql-container token-bar">
      <span>Session token</span>
      <input
        name="token"
        value={token}
        onChange={event => onChange(event.target.value.trim())}
        placeholder="Paste the token that signIn returns"
        autoComplete="off"
        spellCheck={false}
      />
      <small>Sent as Authorization: Bearer. Forgotten when this tab closes.</small>
    </label>
  );
}

createRoot(document.getElementById('root')).render(<App />);
