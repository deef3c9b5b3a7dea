import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** A connection that delivers nothing for so long is given up. */
const SILENCE_MS = 60_000;
/** Connections in a row that may bring nothing. */
const FRUITLESS = 3;
const PAUSE_MS = 1_000;

class StoreRefused extends Error {}

/**
 * The bytes behind a link, gone on with where a connection broke: a large model is not begun again. Whoever reads them
 * checks their digest. Throws when the store refuses, or when several connections in a row bring nothing.
 */
export async function* resumedDownload(
  url: string,
  trust: Pick<RequestOptions, 'ca'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  let fruitless = 0;
  for (;;) {
    const before = at;
    try {
      const answer = await connect(url, trust, at);
      for await (const chunk of answer as AsyncIterable<Uint8Array>) {
        at += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      fruitless = at > before ? 0 : fruitless + 1;
      if (error instanceof StoreRefused || fruitless >= FRUITLESS) throw error;
      await sleep(PAUSE_MS * fruitless);
    }
  }
}

function connect(url: string, trust: Pick<RequestOptions, 'ca'>, from: number): Promise<IncomingMessage> {
  const headers = from > 0 ? { range: `bytes=${from}-` } : {};
  return new Promise((resolve, reject) => {
    // The link carries its own right; no token goes along.
    const request = get(url, { ...trust, headers, timeout: SILENCE_MS }, (answer) => {
      if (answer.statusCode === (from > 0 ? 206 : 200)) return resolve(answer);
      answer.resume();
      return reject(new StoreRefused(`the storage account answered ${answer.statusCode}`));
    });
    request.on('timeout', () => request.destroy(new Error('the storage account fell silent')));
    request.on('error', reject);
  });
}
