/** A path that no route has; asked for in place of one that cannot be read. */
const NOWHERE = '/-'

/**
 * The target of a request in the form that routes know: path and query. A sender that was set up with a proxy sends the
 * whole URL; which host it names does not matter here. A path whose percent signs mean nothing is at no route.
 */
export function readTarget (target: string): string {
  if (target.startsWith('/') && !/[%#]/.test(target)) return target
  const originForm = target.replace(/^https?:\/\/[^/?#]*/i, '').split('#', 1)[0] ?? ''
  const path = originForm.split('?', 1)[0] ?? ''
  if (!isReadable(path)) return NOWHERE
  return originForm.startsWith('/') || originForm === '*' ? originForm : `/${originForm}`
}

function isReadable (path: string): boolean {
  if (!path.includes('%')) return true
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
