import { access, constants } from 'node:fs/promises'

/** Which roots Node trusts in this process, in words; only what verification itself goes by. */
export async function describeBundle (environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { CA_FILE: own = '', NODE_EXTRA_CA_CERTS: extra = '', NODE_OPTIONS: options = '', NODE_USE_SYSTEM_CA: system = '' } = environment
  const roots = options.includes('--use-openssl-ca') ? 'the roots of OpenSSL on this machine' : 'the roots that Node brings along'
  // With a bundle of its own a connection reads no other file.
  if (own !== '') return 'the roots that Node brings along and CA_FILE'
  const more = [
    ...(system === '1' || options.includes('--use-system-ca') ? ['those of the system'] : []),
    // Node passes over a file that it cannot read, with a warning that a service's log may swallow.
    ...(extra === '' ? [] : [await access(extra, constants.R_OK).then(() => 'NODE_EXTRA_CA_CERTS', () => 'not NODE_EXTRA_CA_CERTS, whose file cannot be read')])
  ]
  return [roots, ...more].join(' and ')
}
