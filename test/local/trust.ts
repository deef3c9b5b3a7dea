import tls from 'node:tls';

interface NativeContext {
  addCACert(pem: string): void;
}

/**
 * Makes every TLS client of this process trust `caPem` besides the built-in authorities, whichever library opens the
 * connection. For tests only: a product process gets the authority through NODE_EXTRA_CA_CERTS. Returns the undoing.
 */
export function trustLocalCa(caPem: string): () => void {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const secure = create(options);
    (secure.context as NativeContext).addCACert(caPem);
    return secure;
  };
  return () => {
    tls.createSecureContext = create;
  };
}
