/**
 * Returns the results that a response streams as server-sent events, the way graphql-sse has it. Whoever does not want any
 * more of them calls return, which breaks the request off.
 */
export function readEvents(response, abort) {
  const results = read(response.body.pipeThrough(new TextDecoderStream()).getReader());
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => results.next().catch(error => {
      if (abort.signal.aborted) return ended;
      throw error;
    }),
    async return() {
      abort.abort(); // results.return would wait for the next event
      return ended;
    },
  };
}

const ended = { done: true, value: undefined };

async function* read(reader) {
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error('The server ended the subscription. Run it again.');
    const blocks = (text + value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const [event, data] = ['event: ', 'data: '].map(name => field(block, name));
      if (event === 'complete') return;
      if (event === 'next') yield JSON.parse(data);
    }
  }
}

function field(block, name) {
  return block.split('\n').find(line => line.startsWith(name))?.slice(name.length);
}
