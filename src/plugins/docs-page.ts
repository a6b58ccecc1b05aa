import { access, readFile } from 'node:fs/promises'
import type { FastifyPluginAsync } from 'fastify'
import { docsScript } from './docs-script.js'

/** swagger-ui writes styles into its elements; everything else comes from files of this origin, and the page asks no other. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'public, max-age=600'
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Energy Expert proxy</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/page.js"></script>
</body>
</html>
`

/** The files of swagger-ui that the page needs, as @fastify/swagger-ui carries them. */
const FILES = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png'
}

/**
 * `/docs`: the contract to read and to try, with code samples of the filled-in request.
 *
 * The package's plugin is not used: it serves a folder, and on a port that strangers reach each `%00`, `%2e%2e` or odd Range ended as
 * an error of ours in the log. These routes are five names and know nothing else.
 */
export const docsPage: FastifyPluginAsync = async app => {
  const folder = new URL('static/', import.meta.resolve('@fastify/swagger-ui'))
  const script = docsScript()

  function serve (path: string, type: string, content: () => string | Promise<Buffer>): void {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => await reply.headers(HEADERS).type(type).send(await content()))
  }

  serve('/docs', 'text/html; charset=utf-8', () => PAGE)
  serve('/docs/page.js', 'text/javascript; charset=utf-8', () => script)
  for (const [name, type] of Object.entries(FILES)) {
    const file = new URL(name, folder)
    // A package without it stops the start; its 1.7 MB are read when they are first asked for, and kept for all who ask.
    await access(file)
    serve(`/docs/${name}`, type, readOnce(file))
  }
}

/** A file that could not be read is tried again by the next who asks. */
function readOnce (file: URL): () => Promise<Buffer> {
  let content: Promise<Buffer> | undefined
  return async () => {
    content ??= readFile(file)
    try {
      return await content
    } catch (cause) {
      content = undefined
      throw cause
    }
  }
}
