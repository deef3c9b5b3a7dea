import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurableFile } from './durable-file.ts';

export interface TlsMaterial {
  /** The authority's certificate, for clients in this process. */
  readonly caPem: string;
  /** Where it is on disk, for `NODE_EXTRA_CA_CERTS` of processes still to be started. */
  readonly caFile: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const RENEW_BEFORE_MS = 30 * 24 * 3600_000;

/**
 * Reads the certificates in `directory`, or makes them when they are missing, do not fit together (a crash between
 * two files) or expire within 30 days. New ones mean a new authority: processes that trust the old one must restart.
 */
export async function ensureTlsMaterial(
  directory: string,
  now: () => number = Date.now,
): Promise<TlsMaterial> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const caFile = join(directory, 'ca.pem');
  const certFile = join(directory, 'server.pem');
  const keyFile = join(directory, 'server.key');
  const [caPem, certPem, keyPem] = await Promise.all([caFile, certFile, keyFile].map(readOrEmpty));
  if (caPem && certPem && keyPem && fitTogether(caPem, certPem, keyPem, now())) {
    return { caPem, caFile, certPem, keyPem };
  }
  // Loaded only here: the library takes longer to load than every later start takes in all.
  const { issueLoopbackCertificates } = await import('./issue-certificates.ts');
  const issued = await issueLoopbackCertificates(new Date(now()));
  await writeDurableFile(keyFile, issued.keyPem);
  await writeDurableFile(certFile, issued.certPem);
  await writeDurableFile(caFile, issued.caPem);
  return { ...issued, caFile };
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function fitTogether(caPem: string, certPem: string, keyPem: string, now: number): boolean {
  try {
    const ca = new X509Certificate(caPem);
    const cert = new X509Certificate(certPem);
    const ends = Math.min(Date.parse(ca.validTo), Date.parse(cert.validTo));
    return (
      cert.checkIssued(ca) &&
      cert.verify(ca.publicKey) &&
      cert.checkPrivateKey(createPrivateKey(keyPem)) &&
      ends - now > RENEW_BEFORE_MS
    );
  } catch {
    return false;
  }
}
