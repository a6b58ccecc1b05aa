import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem } from 'node:os'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)

/** Machine, versions and day, for whoever compares results. */
export async function describeMachine (): Promise<string> {
  // nginx tells its version on the other stream.
  const { stderr } = await promisify(execFile)('nginx', ['-v'])
  const versions = [`node ${process.version.slice(1)}`, `nginx ${/nginx\/(\S+)/.exec(stderr)?.[1] ?? '?'}`, ...['fastify', 'undici'].map(name => `${name} ${require(`${name}/package.json`).version}`)]
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}; ${versions.join(', ')}; ${new Date().toISOString().slice(0, 10)}`
}

/** Puts a text between the two marker comments of its name in a page, and leaves everything else there. */
export function writeSection (path: string, name: string, text: string): void {
  const page = readFileSync(path, 'utf8')
  const [begin, end] = [`<!-- results of ${name} -->`, `<!-- end of results of ${name} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`${path} has no two comments ${begin} and ${end}.`)
  writeFileSync(path, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`)
}
