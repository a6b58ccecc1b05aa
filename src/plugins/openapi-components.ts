import { STATUS_CODES } from 'node:http'

interface Reference { $ref: string }
interface Schema {
  title?: string
  properties?: Record<string, Schema | Reference>
  additionalProperties?: boolean | Schema | Reference
  items?: Schema | Reference
  example?: unknown
  /** JSON Schema's; OpenAPI 3.0 knows one `example`. */
  examples?: unknown[]
}
type Content = Record<string, { schema: Schema | Reference }>
interface Response { headers?: Record<string, { schema: Schema } | Reference>, content?: Content }
interface Operation { requestBody?: { content: Content }, responses: Record<string, Response | Reference> }

/** What is touched here of the OpenAPI 3.0 document that @fastify/swagger makes. */
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: Record<string, object>
}

/**
 * Names what the routes wrote in place, so that a generator makes one class of it however often it occurs: objects by their
 * title, headers by their name, answers that are no success by their status.
 * @throws {Error} when two different things would bear one name.
 */
export function toComponents<T extends object> (document: T): T {
  // A plain copy, without symbols. src/plugins/openapi.ts asks for OpenAPI 3.0, so it has that shape.
  const copy = JSON.parse(JSON.stringify(document)) as T & Document
  const names = new Names()
  for (const { requestBody, responses } of Object.values(copy.paths).flatMap(Object.values<Operation>)) {
    nameContent(requestBody?.content, names)
    for (const [status, response] of Object.entries(responses)) {
      if ('$ref' in response) continue
      nameHeaders(response.headers, names)
      nameContent(response.content, names)
      if (!status.startsWith('2')) responses[status] = names.put('responses', toName(STATUS_CODES[status] ?? `Any ${status}`), response)
    }
  }
  Object.assign(copy.components, names.components)
  return copy
}

function nameHeaders (headers: Response['headers'] = {}, names: Names): void {
  for (const [name, header] of Object.entries(headers)) {
    if ('$ref' in header) continue
    headers[name] = names.put('headers', name, { ...header, schema: nameSchema(header.schema, names) })
  }
}

function nameContent (content: Content = {}, names: Names): void {
  for (const media of Object.values(content)) media.schema = nameSchema(media.schema, names)
}

function nameSchema (schema: Schema | Reference, names: Names): Schema | Reference {
  if ('$ref' in schema) return schema
  const { title, items, additionalProperties, properties = {}, examples } = schema
  if (examples !== undefined) {
    schema.example ??= examples[0]
    delete schema.examples
  }
  for (const [name, property] of Object.entries(properties)) properties[name] = nameSchema(property, names)
  if (items !== undefined) schema.items = nameSchema(items, names)
  if (typeof additionalProperties === 'object') schema.additionalProperties = nameSchema(additionalProperties, names)
  if (Object.keys(properties).length === 0) {
    delete schema.properties
    return schema
  }
  if (title === undefined) return schema
  // Its fields have examples; one of the whole would differ from place to place.
  delete schema.example
  return names.put('schemas', toName(title), schema)
}

class Names {
  readonly components: Record<string, Record<string, object>> = {}

  put (kind: 'schemas' | 'headers' | 'responses', name: string, component: object): Reference {
    const named = this.components[kind] ??= {}
    const known = named[name] ??= component
    if (JSON.stringify(known) !== JSON.stringify(component)) throw new Error(`Two different ${kind} of the OpenAPI document are called ${name}.`)
    return { $ref: `#/components/${kind}/${name}` }
  }
}

function toName (title: string): string {
  return title.replace(/[^0-9A-Za-z]+(.?)/g, (_, letter: string) => letter.toUpperCase())
}
