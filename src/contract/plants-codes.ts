import { CATALOGUE, type ErrorCode } from '../errors.js'

/** Codes that only the admin port answers. */
const ADMIN_CODES: readonly ErrorCode[] = ['InvalidToken', 'MisdirectedRequest']

// Object.keys forgets that the catalogue is closed.
const CODES = Object.keys(CATALOGUE) as ErrorCode[]

/** Every code of the plants' port. */
export const PLANTS_CODES: readonly ErrorCode[] = CODES.filter(code => !ADMIN_CODES.includes(code))

/** Codes that a push at its right path can meet. */
export const PUSH_CODES: readonly ErrorCode[] = PLANTS_CODES.filter(code => code !== 'NotFound' && code !== 'MethodNotAllowed')
