import { csharpSample, curlSample, javaSample, literal, nodeSample, powershellSample, pythonLiteral, pythonSample, type SampleRequest } from './docs-snippets.js'

/** The languages of the code samples, in the order of their tabs; `syntax` is what swagger-ui can colour. */
const SAMPLES = {
  curl: { title: 'curl', syntax: 'bash', write: curlSample },
  powershell: { title: 'PowerShell', syntax: 'powershell', write: powershellSample },
  python: { title: 'Python', syntax: 'text', write: pythonSample },
  node: { title: 'Node.js', syntax: 'javascript', write: nodeSample },
  java: { title: 'Java', syntax: 'text', write: javaSample },
  csharp: { title: 'C#', syntax: 'text', write: csharpSample }
} as const

/** What the page sets of swagger-ui's configuration. */
const CONFIG = {
  dom_id: '#docs',
  url: '/openapi.json',
  // Without the bar that loads any other document.
  layout: 'BaseLayout',
  deepLinking: true,
  docExpansion: 'list',
  tryItOutEnabled: true,
  // A key that somebody tried must not stay in the browser of a shared machine.
  persistAuthorization: false,
  // No service elsewhere is asked whether the document is valid.
  validatorUrl: null,
  displayRequestDuration: true,
  requestSnippetsEnabled: true,
  // swagger-ui's own generators are left out: on Windows they lose the quotes of a JSON body.
  requestSnippets: {
    generators: Object.fromEntries(Object.entries(SAMPLES).map(([key, { title, syntax }]) => [key, { title, syntax }])),
    languages: Object.keys(SAMPLES),
    defaultExpanded: true
  }
}

/** A request as swagger-ui hands it to a generator: an immutable map. */
interface UiRequest {
  get (name: string): unknown
}

/** Reads swagger-ui's request; runs in the browser. */
function toSampleRequest (request: UiRequest): SampleRequest {
  const headers = request.get('headers')
  const body = request.get('body')
  return {
    method: String(request.get('method')),
    url: String(request.get('url')),
    // An immutable map of texts, or nothing. swagger-ui's Accept says nothing.
    headers: headers === undefined ? [] : [...(headers as Map<string, string>).entries()].filter(([name]) => name.toLowerCase() !== 'accept'),
    body: body === undefined || body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  }
}

/**
 * The page's own script: starts swagger-ui with the code samples as a plugin of its. It is made of the text of the very functions
 * that the tests run, so nothing has to be bundled.
 */
export function docsScript (): string {
  const functions = [literal, pythonLiteral, ...Object.values(SAMPLES).map(({ write }) => write), toSampleRequest]
  const generators = Object.entries(SAMPLES).map(([key, { write }]) => `  requestSnippetGenerator_${key}: request => ${write.name}(toSampleRequest(request))`)
  return `'use strict'
${functions.map(String).join('\n')}
const config = ${JSON.stringify(CONFIG, null, 2)}
const generators = {
${generators.join(',\n')}
}
// A map of swagger-ui's has no order of its own, and the first tab is the open one.
const inOrder = original => state => original(state).sortBy((_, language) => config.requestSnippets.languages.indexOf(language))
const samples = () => ({ fn: generators, statePlugins: { requestSnippets: { wrapSelectors: { getSnippetGenerators: inOrder } } } })
SwaggerUIBundle({ ...config, presets: [SwaggerUIBundle.presets.apis], plugins: [samples] })
`
}
