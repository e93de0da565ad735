import * as tls from 'node:tls';

/**
 * PEM of every authority that this machine trusts: Node's own, what `NODE_EXTRA_CA_CERTS` adds, and the system's store, which
 * is all that the CLI looks at. Older releases of Node can tell their own only.
 */
export function usualAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (kind: 'default' | 'system') => string[] };
  if (getCACertificates === undefined) return tls.rootCertificates;
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
