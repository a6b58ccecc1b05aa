import { CommandFailure } from './failure.js'
import { formatMoment, printJson, printTable } from './print.js'
import { describeOrphans, findView, listViews, viewToJson, type CredentialView } from './credential-view.js'
import type { CredentialCommandParts } from './with-credentials.js'

/** `credentials list` */
export function listCredentials (parts: CredentialCommandParts, { json }: { json: boolean }): void {
  const { stdout, stderr } = parts
  const views = listViews(parts)
  if (json) {
    printJson(stdout, views.map(viewToJson))
    return
  }
  printTable(stdout, ['NAME', 'KIND', 'ACCESS KEY', 'REGION OR ENDPOINT', 'FROM', 'CHANGED (UTC)', 'PLANTS'], views.map(view => [
    view.name,
    String(view.shown['kind'] ?? '?'),
    String(view.shown['accessKeyId'] ?? ''),
    String(view.shown['endpoint'] ?? view.shown['region'] ?? ''),
    view.from,
    formatMoment(view.changedAtMs),
    view.plants.join(', ')
  ]))
  for (const problem of new Set([...views.flatMap(view => view.problem ?? []), ...describeOrphans(parts, views)])) stderr.write(`${problem}\n`)
}

/** `credentials show` */
export function showCredential (parts: CredentialCommandParts, name: string, { json }: { json: boolean }): void {
  const view = findView(parts, name)
  printView(parts, view, { json })
  if (view.problem !== undefined) parts.stderr.write(`${view.problem}\n`)
}

/** `credentials test` */
export async function testNamed (parts: CredentialCommandParts, name: string, { json }: { json: boolean }): Promise<void> {
  const { spec, problem } = findView(parts, name)
  if (spec === undefined || problem !== undefined) throw new CommandFailure(problem ?? `The credential ${name} cannot be opened.`)
  const { ok, sentence } = await parts.testCredential(spec)
  if (json) printJson(parts.stdout, { name, kind: spec.kind, ok, message: sentence })
  else if (ok) parts.stdout.write(`${name} is good. ${sentence}\n`)
  if (!ok) throw new CommandFailure(`${name} is not good. ${sentence}`)
}

export function printView ({ stdout }: CredentialCommandParts, view: CredentialView, { json }: { json: boolean }): void {
  if (json) {
    printJson(stdout, viewToJson(view))
    return
  }
  const changed = view.changedAtMs === undefined ? '' : `, changed ${formatMoment(view.changedAtMs)} UTC`
  stdout.write(`Credential ${view.name}, ${view.from}${changed}; plants: ${view.plants.join(', ') || 'none'}\n\n`)
  printTable(stdout, ['FIELD', 'VALUE'], Object.entries(view.shown).map(([field, value]) => [field, String(value)]))
}
